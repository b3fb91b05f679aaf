import Checkpoints
import Engine
import Foundation
import TestSupport
import Testing

@Suite("ONNX operators compute what ONNX Runtime computes")
struct ONNXOperatorTests {
    /// All 328 where the reference folder is at hand, else the selection in fixtures.
    static let folder =
        Shared.isPresent ? Shared.file("reference/bottomup/onnx") : Shared.fixture("onnx/selection")
    static let cases = ONNXCase.all(in: folder)
    /// What the reference folder leaves out: other operator sets, element types and attributes.
    static let moreFolder = Shared.fixture("onnx/more")
    static let moreCases = ONNXCase.all(in: moreFolder)

    @Test("the cases are there")
    func casesAreThere() {
        #expect(Self.cases.count == (Shared.isPresent ? 328 : 196))
        #expect(Self.moreCases.count == 89)
    }

    @Test("case equals the recorded outputs", arguments: cases)
    func referenceCase(_ reference: ONNXCase) throws { try check(reference, in: Self.folder) }

    @Test("further case equals the recorded outputs", arguments: moreCases)
    func furtherCase(_ reference: ONNXCase) throws { try check(reference, in: Self.moreFolder) }

    private func check(_ reference: ONNXCase, in folder: URL) throws {
        let model = try ONNXModel.load(contentsOf: folder.appendingPathComponent(reference.file))
        #expect(Set(model.inputs.map(\.name)) == Set(reference.inputs.keys))
        let executor = Executor(try model.plan(inputShapes: reference.inputs.mapValues(\.shape)))
        let results = try executor.run(reference.inputs.mapValues(\.tensor))
        #expect(Set(results.keys) == Set(reference.outputs.keys))
        for (name, wanted) in reference.outputs {
            let got = try #require(results[name])
            #expect(got.elementType == wanted.elementType)
            #expect(got.shape == wanted.shape)
            let isExact = wanted.elementType != .float32 && wanted.elementType != .float64 && wanted.elementType != .float16
            for (i, (x, y)) in zip(got.numbers, wanted.numbers).enumerated() {
                let isEqual = x == y || (x.isNaN && y.isNaN)
                let tolerance = isExact ? 0 : reference.tolerance * (1 + y.magnitude)
                guard isEqual || (x - y).magnitude <= tolerance else {
                    Issue.record("\(reference.name): \(name)[\(i)] is \(x), not \(y)")
                    return
                }
            }
        }
    }
}
