import Checkpoints
import Diagnostics
import Engine
import Foundation
import TestSupport
import Testing

@Suite("Weight files")
struct CheckpointFilesTests {
    private static let folder = Shared.fixture("checkpoints")
    private static let marker = URL(fileURLWithPath: FileManager.default.currentDirectoryPath).appendingPathComponent("posestream-pwned")

    /// Whether an expectation is that of the file's reader alone.
    private static func names(_ results: String...) throws -> [String] {
        try ExpectedFile.all().filter { results.contains($0.value.result) }.keys.sorted()
    }

    private func load(_ name: String) throws -> Checkpoint {
        try Checkpoint.load(contentsOf: Self.folder.appendingPathComponent(name))
    }

    private func expectEqual(_ checkpoint: Checkpoint, _ expected: [String: ExpectedFile.ExpectedTensor], _ file: String) {
        #expect(Set(checkpoint.names) == Set(expected.keys), "\(file)")
        #expect(checkpoint.names.count == expected.count, "\(file)")
        #expect(Set(checkpoint.tensors.keys) == Set(expected.keys), "\(file)")
        for (name, want) in expected {
            guard let got = checkpoint.tensors[name] else { continue }
            #expect(got.shape == want.shape, "\(file): \(name)")
            #expect(got.elementType == want.elementType, "\(file): \(name)")
            let wanted = want.dtype.hasPrefix("f") || want.dtype == "bf16" ? want.values.map { .real($0.asDouble) } : want.values
            #expect(got.expectedValues == wanted, "\(file): \(name)")
        }
    }

    @Test("good files give every tensor with its exact values")
    func goodFiles() throws {
        let names = try Self.names("ok")
        #expect(names.count == 15)
        for name in names { expectEqual(try load(name), try #require(ExpectedFile.all()[name]).tensors, name) }
    }

    @Test("a deflated archive is read like a stored one")
    func deflated() throws {
        expectEqual(try load("deflated_zip.pth"), try #require(ExpectedFile.all()["deflated_zip.pth"]).tensors, "deflated_zip.pth")
    }

    @Test("bad and malicious files are refused with one clear line of exit code 65, and nothing is executed")
    func badFiles() throws {
        let names = try Self.names("refuse")
        #expect(names.count == 42)
        for name in names {
            let failure = #expect(throws: Failure.self, "\(name)") { try load(name) }
            #expect(failure?.exitCode == 65, "\(name)")
            #expect(failure?.description.contains(name) == true)
            #expect(failure?.description.contains("\n") == false)
        }
        #expect(!FileManager.default.fileExists(atPath: Self.marker.path))
    }

    @Test("the message names what a malicious or foreign file would have done", arguments: [
        ("evil_legacy_p0.pth", "posix.system"), ("evil_zip.pth", "posix.system"), ("evil_zip_eval.pth", "eval"),
        ("evil_inst_legacy.pth", "os.system"), ("whole_module_zip.pth", "torch.nn.modules.container.Sequential"),
        ("nested_zip.pth", "model.inner"), ("nested_legacy.pth", "model.inner"), ("oversized_zip.pth", "conv.weight"),
        ("view_outside_zip.pth", "conv.weight"), ("wrongsize.safetensors", "tensor a"), ("overlap.safetensors", "tensor b"),
    ])
    func messages(_ file: String, _ part: String) throws {
        let failure = #expect(throws: Failure.self) { try load(file) }
        #expect(failure?.why.contains(part) == true, "\(failure?.description ?? "")")
    }

    @Test("NaN and infinity are named, with their place")
    func nonFinite() throws {
        var checkpoint = try load("nan_zip.pth")
        // conv.weight[1, 1, 1, 1] of shape [3, 2, 3, 3], then fc.bias[2].
        #expect(checkpoint.firstNonFinite() == NonFiniteValue(tensor: "conv.weight", index: 31, isNaN: true))
        checkpoint.names.removeAll { $0 == "conv.weight" }
        #expect(checkpoint.firstNonFinite() == NonFiniteValue(tensor: "fc.bias", index: 2, isNaN: false))
        #expect(try load("types_zip.pth").firstNonFinite() == nil)
    }

    @Test("facts beside the weights are kept, wrappers and prefixes are taken off")
    func metadata() throws {
        for kind in ["zip", "legacy"] {
            let wrapped = try load("wrapped_\(kind).pth.tar")
            #expect(wrapped.metadata["epoch"] == "140")
            #expect(wrapped.metadata["arch"] == "tiny")
            #expect(wrapped.names.first == "conv.weight")
            #expect(try load("mmlike_\(kind).pth").metadata["meta.epoch"] == "210")
        }
        #expect(try load("plain.safetensors").metadata == ["format": "pt", "made": "posestream reference"])
    }

    @Test("tensors of a stored archive are used where they lie in the file, not copied")
    func borrowed() throws {
        let tensors = try load("plain_zip.pth").tensors
        let weight = try #require(tensors["conv.weight"])
        // A fresh tensor lies at a multiple of 64; in this file the storage lies at the offset that the archive gives it.
        let bytes = try Data(contentsOf: Self.folder.appendingPathComponent("plain_zip.pth"))
        let needle = weight.floats.withUnsafeBytes { Data($0) }
        let offset = try #require(bytes.range(of: needle)).lowerBound
        weight.withElements(as: Float.self) { elements in
            #expect(Int(bitPattern: elements.baseAddress) % 4096 == offset % 4096)
        }
    }

    @Test("files that are no weights say what they are", arguments: [
        ("\u{89}HDF", "HDF5"), ("<!DOCTYPE html>", "web page"), ("version https://git-lfs.github.com/spec/v1", "Git LFS"),
        ("", "empty"), ("short", "too short"), ("PK\u{5}\u{6}" + String(repeating: "\0", count: 18), "data.pkl"),
    ])
    func foreign(_ content: String, _ part: String) throws {
        try withTemporaryFile(content.unicodeScalars.map { UInt8($0.value) }) { url in
            let failure = #expect(throws: Failure.self) { try Checkpoint.load(contentsOf: url) }
            #expect(failure?.kind == .data)
            #expect(failure?.why.contains(part) == true, "\(failure?.description ?? "")")
        }
    }

    @Test("a missing file, a folder and a named pipe are no input")
    func noInput() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let pipe = folder.appendingPathComponent("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for url in [folder, pipe, folder.appendingPathComponent("missing.pth")] {
            #expect(throws: Failure.self) { try Checkpoint.load(contentsOf: url) }
            #expect((#expect(throws: Failure.self) { try Checkpoint.load(contentsOf: url) })?.kind == .noInput)
        }
    }

    @Test("real files of the old format load with their published shapes",
          .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func realLegacyFiles() throws {
        let expected = ["alex": [64, 192, 384, 256, 256], "squeeze": [64, 128, 256, 384, 384, 512, 512]]
        for (name, channels) in expected {
            let checkpoint = try Checkpoint.load(contentsOf: Shared.file("assets/weights/legacy_pth/\(name).pth"))
            #expect(checkpoint.names == channels.indices.map { "lin\($0).model.1.weight" })
            for (index, count) in channels.enumerated() {
                let tensor = try #require(checkpoint.tensors["lin\(index).model.1.weight"])
                #expect(tensor.shape == [1, count, 1, 1])
                // LPIPS keeps these weights at zero or above.
                #expect(tensor.floats.allSatisfy { $0.isFinite && $0 >= 0 && $0 < 100 })
                #expect(tensor.floats.contains { $0 > 0 })
            }
        }
    }
}

/// Runs `body` with a file of these bytes.
func withTemporaryFile<Result>(_ bytes: [UInt8], _ body: (URL) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-\(UUID().uuidString)")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
}
