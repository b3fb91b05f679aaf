import Engine
import Foundation
import PoseStream
import Testing

@Suite("Kept measurements")
struct MeasuredStoreTests {
    private let algorithms = MeasuredAlgorithms(byLayer: ["1x64x16x12 to 1x64x16x12, 3x3 stride 1 dilation 1 f32": "direct"])

    private func withStore(_ body: (MeasuredStore, ModelFile, URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("measured-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let model = folder.appendingPathComponent("model.onnx")
        try Data("any bytes".utf8).write(to: model)
        let kept = folder.appendingPathComponent("kept")
        try body(MeasuredStore(folder: kept, processor: "01234567"), try ModelLibrary(folders: []).find(model.path), kept)
    }

    @Test("What is kept comes back for the same bytes on the same processor only")
    func keeps() throws {
        try withStore { store, file, folder in
            #expect(try store.algorithms(for: file).isEmpty)
            try store.keep(algorithms, for: file)
            #expect(try store.algorithms(for: file) == algorithms)
            #expect(try MeasuredStore(folder: folder, processor: "76543210").algorithms(for: file).isEmpty)
            try Data("other bytes".utf8).write(to: #require(file.url))
            #expect(try store.algorithms(for: file).isEmpty)
        }
    }

    @Test("An empty measurement forgets, and a damaged file counts as none")
    func forgets() throws {
        try withStore { store, file, _ in
            let url = try store.keep(algorithms, for: file)
            try Data("{\"version\":1".utf8).write(to: url)
            #expect(try store.algorithms(for: file).isEmpty)
            try store.keep(algorithms, for: file)
            try store.keep(MeasuredAlgorithms(), for: file)
            #expect(try store.algorithms(for: file).isEmpty && !FileManager.default.fileExists(atPath: url.path))
        }
    }

    @Test("A header tells algorithms apart, and says nothing when all were the model's choice")
    func digests() {
        #expect(MeasuredStore.digest(of: [MeasuredAlgorithms(), MeasuredAlgorithms()]) == nil)
        let one = MeasuredStore.digest(of: [algorithms]), other = MeasuredStore.digest(of: [MeasuredAlgorithms(byLayer: ["a": "direct"])])
        #expect(one?.count == 8 && one != other)
    }
}
