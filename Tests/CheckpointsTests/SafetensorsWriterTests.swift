import Checkpoints
import Engine
import Foundation
import Testing

@Suite("Safetensors that we write")
struct SafetensorsWriterTests {
    @Test("Numbers begin at a multiple of 64, whatever the names' length, and come back as they were")
    func alignment() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("safetensors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for length in 1...70 {
            let name = String(repeating: "n", count: length), values: [Float] = [1.5, -2, .pi]
            let url = folder.appendingPathComponent("\(length).safetensors")
            try SafetensorsWriter([.init(name: name, shape: [3])], metadata: ["made": "here"]).write(to: url) { _ in Tensor(values, shape: [3]) }
            let header = try Data(contentsOf: url).prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
            #expect((header + 8) % 64 == 0)
            #expect(try Checkpoint.load(contentsOf: url).tensors[name]?.floats == values)
        }
    }
}
