import Foundation
import TestSupport
import Testing

/// A fresh machine: no model folder, no network; the clip is ours (training/synthetic), its truth stands beside it.
@Suite("posestream run with nothing but itself")
struct EmbeddedRunTests {
    private let scratch: Scratch
    private let clip = Shared.fixture("street.mp4").path

    init() throws {
        scratch = try Scratch()
    }

    private func run(_ arguments: [String]) throws -> Program.Result {
        let result = try Program.posestream.run(
            arguments, environment: ["POSESTREAM_MODELS": "", "HOME": scratch.folder.path, "XDG_DATA_HOME": scratch.folder.path], seconds: 240)
        #expect(result.status == 0, "\(result.errors)")
        return result
    }

    private struct Truth: Decodable {
        struct Frame: Decodable {
            var people: [Person]
        }
        struct Person: Decodable {
            var id: Int
            var box: [Double]
            /// Share of the body that the picture shows.
            var visible: Double
        }
        var width: Double
        var truth: [Frame]
    }

    private struct Line: Decodable {
        struct Person: Decodable {
            var id: Int
            var state: String
            var box: [Double]
        }
        var people: [Person]
    }

    /// IoU of x, y, w, h.
    private func overlap(_ a: [Double], _ b: [Double]) -> Double {
        let w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]), h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
        guard w > 0, h > 0 else { return 0 }
        return w * h / (a[2] * a[3] + b[2] * b[3] - w * h)
    }

    @Test("It finds and follows the people of our clip, and says once how better networks are had", .timeLimit(.minutes(Hang.minutes)))
    func street() throws {
        let result = try run([clip])
        #expect(result.errors.components(separatedBy: "posestream models pull").count == 2)
        let truth = try JSONDecoder().decode(Truth.self, from: Data(contentsOf: Shared.fixture("street.truth.json")))
        // The end record's `people` is a count.
        let frames = try result.lines.filter { $0.contains("\"type\":\"frame\"") }.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(frames.count == truth.truth.count)
        var (wanted, found, false_) = (0, 0, 0)
        var ids: [Int: Set<Int>] = [:]
        for (frame, known) in zip(frames, truth.truth) {
            var free = frame.people.filter { $0.state != "tentative" }
            for person in known.people.sorted(by: { $0.visible > $1.visible }) {
                let shown = [max(0, person.box[0]), person.box[1], 0, person.box[3]]
                let inside = [shown[0], shown[1], min(truth.width, person.box[0] + person.box[2]) - shown[0], shown[3]]
                let best = free.indices.max { overlap(free[$0].box, inside) < overlap(free[$1].box, inside) }
                let isFound = best.map { overlap(free[$0].box, inside) >= 0.5 } ?? false
                if person.visible >= 0.5 {
                    wanted += 1
                    if isFound { found += 1 }
                }
                if isFound, let best { ids[person.id, default: []].insert(free.remove(at: best).id) }
            }
            false_ += free.count { person in known.people.allSatisfy { overlap($0.box, person.box) < 0.3 } }
        }
        #expect(Double(found) >= 0.9 * Double(wanted), "\(found) of \(wanted)")
        #expect(Double(false_) <= 0.04 * Double(wanted), "\(false_) false")
        #expect(ids.count == 4 && ids.values.allSatisfy { $0.count <= 3 }, "\(ids)")
    }

    @Test("--quiet and a pipeline that names its networks give no advice")
    func noAdvice() throws {
        #expect(try run([clip, "--to", "0.2", "--quiet"]).errors.isEmpty)
        #expect(try !run([clip, "--to", "0.2", "--pipeline", "embedded"]).errors.contains("models pull"))
    }
}
