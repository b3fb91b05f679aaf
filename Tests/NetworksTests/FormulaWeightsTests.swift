import Engine
import Foundation
import Networks
import TestSupport
import Testing

@Suite("Deterministic weights")
struct FormulaWeightsTests {
    private struct Check: Decodable {
        var shape: [Int]
        var gain: Double?
        var first3_bits: [String]
        var last: Double
    }

    private struct File: Decodable {
        var fnv1a: [String: String]
        var tensors: [String: Check]
    }

    /// The role that a name's last part implies (tensors of one dimension called weight belong to batch norms).
    private func role(_ name: String, _ shape: [Int], isNorm: Bool) -> ParameterRole {
        if shape.count > 1 { return .weight }
        return switch name.split(whereSeparator: { $0 == "." || $0 == "/" }).last {
        case "weight", "gamma": .normScale
        case "running_var", "moving_variance": .variance
        case "running_mean", "moving_mean": .mean
        case "beta": .normShift
        default: isNorm ? .normShift : .bias
        }
    }

    @Test("agree with the published check values to the last bit", arguments: ["topdown", "bottomup"])
    func bits(_ family: String) throws {
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: Shared.fixture("networks/\(family)_formula.json")))
        for (text, hash) in file.fnv1a { #expect(RandomStream.seed(text) == UInt64(hash, radix: 16)) }
        #expect(file.tensors.count >= 8)
        for (name, check) in file.tensors {
            let source = FormulaWeights(family == "topdown" ? .topDown : .bottomUp(gains: [(name, check.gain ?? 1)]))
            let isNorm = name.contains("bn") || name.contains(".0.1.")
            let tensor = try #require(try source.tensor(name, shape: check.shape, role: role(name, check.shape, isNorm: isNorm)))
            #expect(tensor.shape == check.shape)
            #expect(tensor.floats.prefix(3).map(\.bitPattern) == check.first3_bits.map { UInt32($0, radix: 16) }, "\(name)")
            #expect(tensor.floats.last == Float(check.last), "\(name)")
        }
    }
}
