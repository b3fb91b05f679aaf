import Diagnostics
import Evaluation
import Foundation
import Geometry
import TestSupport
import Testing

/// The reference's case of PCKh in the files that users have, written by SciPy (fixtures/mpii).
@Suite("PCKh of MPII") struct PCKhEvaluationTests {
    private struct Expect: Decodable {
        var by_joint: [Double]
    }

    private func expectGolden(_ evaluation: PCKhEvaluation) throws {
        let file = try JSONSerialization.jsonObject(with: Data(contentsOf: Shared.fixture("mpii/expect.json"))) as? [String: Any]
        let wanted = try #require(file)
        let names = [
            "Head": "Head", "Shoulder": "Shoulder", "Elbow": "Elbow", "Wrist": "Wrist", "Hip": "Hip", "Knee": "Knee", "Ankle": "Ankle",
            "Mean": "Mean", "Mean@0.1": "Mean@0.1_official_0.11", "Mean@0.1 exact": "Mean@0.1_true",
        ]
        #expect(evaluation.numbers.count == names.count)
        for (ours, theirs) in names {
            let (value, golden) = (try #require(evaluation[ours]), try #require(wanted[theirs] as? Double))
            #expect(abs(value - golden) < 1e-9, "\(ours): \(value), wanted \(golden)")
        }
        let joints = try Fixture.decode(Expect.self, from: "mpii/expect.json").by_joint
        #expect(zip(evaluation.joints, joints).allSatisfy { abs(($0 ?? -1) - $1) < 1e-9 })
    }

    @Test("equal to the official formula, from MATLAB files and from JSON", arguments: ["gt_valid.mat", "gt_valid_compressed.mat", "gt.json"])
    func golden(truth name: String) throws {
        let truth = try MPIITruth(contentsOf: Shared.fixture("mpii/\(name)"))
        try expectGolden(PCKhEvaluation(predicted: MPIIResults.read(contentsOf: Shared.fixture("mpii/pred.mat")), truth: truth))
        let fromZero = try MPIIResults.read(contentsOf: Shared.fixture("mpii/preds_from_0.json"))
        try expectGolden(PCKhEvaluation(predicted: fromZero, truth: truth, offset: 1))
        #expect(try PCKhEvaluation(predicted: fromZero, truth: truth)["Mean"] != PCKhEvaluation(predicted: fromZero, truth: truth, offset: 1)["Mean"])
    }

    @Test("the number of people must fit")
    func count() throws {
        let truth = try MPIITruth(contentsOf: Shared.fixture("mpii/gt.json"))
        let found = try MPIIResults.read(contentsOf: Shared.fixture("mpii/pred.mat"))
        #expect(throws: Failure.self) { try PCKhEvaluation(predicted: Array(found.dropLast()), truth: truth) }
        #expect(throws: Failure.self) { try PCKhEvaluation(predicted: found.map { Array($0.dropLast()) }, truth: truth) }
    }

    @Test("damaged MATLAB files are refused or read, never more", arguments: ["gt_valid.mat", "gt_valid_compressed.mat"])
    func damaged(name: String) throws {
        let whole = try Data(contentsOf: Shared.fixture("mpii/\(name)"))
        var state: UInt64 = 31
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var refused = 0
        for round in 0..<300 {
            var bytes = whole
            for _ in 0...random(4) { bytes[128 + random(round < 200 ? 200 : bytes.count - 128)] = UInt8(random(256)) }
            if round % 4 == 0 { bytes = bytes.prefix(random(bytes.count)) }
            do { _ = try MPIITruth(bytes, isMatlab: true, place: "gt.mat") } catch let failure as Failure {
                #expect(failure.kind == .data && failure.place.contains("gt.mat"))
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    @Test("packed elements within packed ones are refused: such a file may unpack to itself for ever")
    func nested() throws {
        // The body of the packed element is the packed element itself, header and all.
        let packed = try Data(contentsOf: Shared.fixture("mpii/gt_valid_compressed.mat"))
        let body = packed.dropFirst(128)
        let python = try #require(Program(named: "python3"))
        let result = try python.run(["-c", "import sys, zlib; sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))"], input: Data(body))
        var file = Data(packed.prefix(128))
        for word in [15, UInt32(result.output.count)] { withUnsafeBytes(of: word.littleEndian) { file.append(contentsOf: $0) } }
        let failure = #expect(throws: Failure.self) { try MPIITruth(file + result.output, isMatlab: true, place: "gt.mat") }
        #expect(failure?.why.contains("packed") == true)
    }

    @Test("damaged JSON of truth and results is refused or read, never more", arguments: ["gt.json", "preds_from_0.json"])
    func damagedJSON(name: String) throws {
        let whole = String(decoding: try Fixture.bytes("mpii/\(name)"), as: UTF8.self)
        var damage = Damage(seed: 8)
        var (read, refused) = (0, 0)
        for round in 0..<200 {
            let data = Data(round % 2 == 0 ? damage.damaged(whole) : damage.hardened(whole))
            do {
                if name == "gt.json" {
                    _ = try MPIITruth(data, isMatlab: false, place: name)
                } else {
                    _ = try MPIIResults.read(data, isMatlab: false, place: name)
                }
                read += 1
            } catch let failure as Failure {
                #expect(failure.kind == .data && !failure.description.contains("\n"))
                refused += 1
            }
        }
        #expect(read > 5 && refused > 5)
    }

    @Test(
        "what is no truth is refused",
        arguments: ["", "{}", "[{}]", "[{\"joints\":[[1,2]],\"joints_vis\":[1],\"head\":[1,2,3,4]}]", "[{\"joints\":[],\"joints_vis\":[],\"head\":[]}]"])
    func noTruth(text: String) {
        #expect(throws: Failure.self) { try MPIITruth(Data(text.utf8), isMatlab: false, place: "gt.json") }
    }
}
