/// What a weight file is, by its first bytes.
enum CheckpointFormat {
    case safetensors, torchZip, torchLegacy, tensorFlowIndex

    /// Throws for everything that we do not read, with what it seems to be and what to do about it.
    init(of file: ByteSlice) throws(Malformed) {
        guard file.count > 0 else { throw Malformed("the file is empty") }
        let start = Array(file.bytes.prefix(16))
        if start.starts(with: Array("PK\u{3}\u{4}".utf8)) || start.starts(with: Array("PK\u{5}\u{6}".utf8)) {
            self = .torchZip
        } else if start.first == 0x80 {
            self = .torchLegacy
        } else if start.count > 8, start[8] == UInt8(ascii: "{") {
            self = .safetensors
        } else if SortedTable.isOne(file) {
            self = .tensorFlowIndex
        } else {
            throw Self.refusal(of: file, start)
        }
    }

    private static func refusal(of file: ByteSlice, _ start: [UInt8]) -> Malformed {
        let resave = "in Python: torch.save(model.state_dict(), 'weights.pth')"
        if start.starts(with: [0x89, 0x48, 0x44, 0x46]) {
            return Malformed("an HDF5 file, which is not read", remedy: "convert it to safetensors with the same keys: docs/checkpoints.md has the line")
        }
        if start.starts(with: [0x1F, 0x8B]) { return Malformed("a gzip file", remedy: "unpack it first: gunzip") }
        if start.starts(with: [0x42, 0x5A, 0x68]) { return Malformed("a bzip2 file", remedy: "unpack it first: bunzip2") }
        if file.starts(with: "ustar", at: 257) {
            return Malformed("a tar archive: an archive of other files, or weights of PyTorch 0.1", remedy: "unpack it first, or " + resave)
        }
        if file.starts(with: "version https://git-lfs") {
            return Malformed("a Git LFS pointer, not the file itself", remedy: "fetch it: git lfs pull")
        }
        if start.first == UInt8(ascii: "<") { return Malformed("a web page or XML, not weights: the download went wrong") }
        if start.count < 16 { return Malformed("too short (\(file.count) bytes) to be a weight file") }
        return Malformed("neither safetensors nor a PyTorch file", remedy: resave)
    }
}
