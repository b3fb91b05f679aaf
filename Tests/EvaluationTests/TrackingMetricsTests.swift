import Evaluation
import Foundation
import Geometry
import TestSupport
import Testing

/// The golden id sequences; `trackeval` and `motmetrics` are what those tools print.
private struct Golden: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
        struct Frame: Decodable {
            var gt: [Int]
            var pr: [Int]
            var sim: [Double]
        }

        struct Expectation: Decodable {
            struct Hota: Decodable {
                var HOTA, DetA, AssA, LocA, DetRe, DetPr, AssRe, AssPr: Double
                var HOTA_alpha: [Double]
            }

            var clear: [String: Double?]
            var motmetrics: [String: Double?]
            var trackeval: [String: Double?]
            var hota: Hota
        }

        var name: String
        var threshold: Double
        var frames: [Frame]
        var expect: Expectation
        var testDescription: String { name }

        func sequence() throws -> TrackingSequence {
            TrackingSequence(
                frames: try frames.map {
                    let similarity = try #require(PairMatrix(rows: $0.gt.count, columns: $0.pr.count, values: $0.sim))
                    return .init(truth: $0.gt, predicted: $0.pr, similarity: similarity)
                })
        }
    }

    var cases: [Case]

    static let all = Result { try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Shared.fixture("tracking/mot.json"))).cases }
}

/// Equal to the digits that the files keep; nil only where the other is missing too.
private func expectEqual(_ ours: Double?, _ theirs: Double??, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let theirs = theirs ?? nil
    #expect((ours == nil) == (theirs == nil), "\(name)", sourceLocation: sourceLocation)
    if let ours, let theirs { #expect(abs(ours - theirs) <= 1e-9, "\(name)", sourceLocation: sourceLocation) }
}

@Suite struct TrackingMetricsTests {
    @Test("the golden sequences are all there")
    func complete() throws {
        #expect(try Golden.all.get().count == 13)
    }

    @Test("CLEAR MOT and IDF1 equal py-motmetrics and the written definitions", arguments: (try? Golden.all.get()) ?? [])
    fileprivate func clear(golden: Golden.Case) throws {
        let sequence = try golden.sequence()
        let clear = ClearMOT(sequence, threshold: golden.threshold)
        let expected = golden.expect.clear
        expectEqual(clear.mota, expected["MOTA"], "MOTA")
        expectEqual(clear.motp, expected["MOTP"], "MOTP")
        expectEqual(clear.precision, expected["precision"], "precision")
        expectEqual(clear.recall, expected["recall"], "recall")
        for (count, name) in [
            (clear.objects, "gtDets"), (clear.matches, "TP"), (clear.falsePositives, "FP"), (clear.misses, "FN"), (clear.switches, "IDSW"),
            (clear.fragmentations, "Frag"),
        ] { expectEqual(Double(count), expected[name], name) }
        let identity = IdentityScore(sequence, threshold: golden.threshold)
        expectEqual(identity.idf1, expected["IDF1"], "IDF1")
        expectEqual(Double(identity.truePositives), expected["IDTP"], "IDTP")
        expectEqual(Double(identity.falseNegatives), expected["IDFN"], "IDFN")
        expectEqual(Double(identity.falsePositives), expected["IDFP"], "IDFP")
        let tool = golden.expect.motmetrics
        expectEqual(Double(clear.switches), tool["num_switches"], "num_switches")
        expectEqual(Double(clear.misses), tool["num_misses"], "num_misses")
        expectEqual(Double(clear.falsePositives), tool["num_false_positives"], "num_false_positives")
        expectEqual(Double(clear.fragmentations), tool["num_fragmentations"], "num_fragmentations")
        // Without objects the tool divides by zero: its MOTA is then no number of ours.
        if clear.objects > 0 { expectEqual(clear.mota, tool["mota"], "mota") }
    }

    @Test("HOTA equals TrackEval and the written definition", arguments: (try? Golden.all.get()) ?? [])
    fileprivate func hota(golden: Golden.Case) throws {
        let hota = HOTA(try golden.sequence())
        let expected = golden.expect.hota
        for (ours, theirs, name) in [
            (hota.hota, expected.HOTA, "HOTA"), (hota.detectionAccuracy, expected.DetA, "DetA"),
            (hota.associationAccuracy, expected.AssA, "AssA"), (hota.localization, expected.LocA, "LocA"),
            (hota.detectionRecall, expected.DetRe, "DetRe"), (hota.detectionPrecision, expected.DetPr, "DetPr"),
            (hota.associationRecall, expected.AssRe, "AssRe"), (hota.associationPrecision, expected.AssPr, "AssPr"),
        ] {
            expectEqual(ours, theirs, name)
            if let printed = golden.expect.trackeval[name] ?? nil { expectEqual(ours, printed, "TrackEval \(name)") }
        }
        #expect(zip(hota.hotaAtThreshold, expected.HOTA_alpha).allSatisfy { abs($0 - $1) <= 1e-9 })
        #expect(hota.hotaAtThreshold.count == expected.HOTA_alpha.count)
    }
}
