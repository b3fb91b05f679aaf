/// Reader of the files that `torch.save` writes since PyTorch 1.6: a ZIP archive with the pickle `NAME/data.pkl` and one
/// member `NAME/data/KEY` a storage, stored and aligned, so that tensors can be used where they lie in the mapped file.
enum TorchZip {
    static func read(_ file: ByteSlice) throws -> Checkpoint {
        let archive = try ZipArchive(file)
        guard let pickleName = archive.names.first(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) else {
            throw Malformed("a ZIP archive, but not one that torch.save wrote: it has no data.pkl")
        }
        let folder = pickleName.dropLast("data.pkl".count)
        if archive.names.contains(where: { $0.hasPrefix(folder + "code/") }) {
            throw Malformed(
                "a TorchScript program, which is not read",
                remedy: "in Python: torch.save(torch.jit.load(FILE).state_dict(), 'weights.pth')")
        }

        var budget = CopyBudget(fileSize: file.count)
        if let order = try archive.contents(of: folder + "byteorder", budget: &budget), order.starts(with: "big") {
            throw Malformed("it was saved on a big-endian machine, which is not supported")
        }
        guard let pickle = try archive.contents(of: pickleName, budget: &budget) else { throw Malformed("its data.pkl is missing") }
        let (root, objects, _) = try Unpickler.read(pickle)

        var unpacked: [String: ByteSlice] = [:]
        return try StateDictionary(root: root, objects: objects).checkpoint(fileSize: file.count) { storage, budget in
            if let bytes = unpacked[storage.key] { return bytes }
            guard let bytes = try archive.contents(of: "\(folder)data/\(storage.key)", budget: &budget) else {
                throw Malformed("its storage \(storage.key) is missing in the archive")
            }
            unpacked[storage.key] = bytes
            return bytes
        }
    }
}
