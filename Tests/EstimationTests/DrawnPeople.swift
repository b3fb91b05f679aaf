import Engine
import Estimation
import Foundation

/// fixtures/bottomup/lop_group.json: people to be drawn and what the official code makes of them.
struct DrawnPeople: Decodable {
    struct Case: Decodable {
        struct Result: Decodable {
            var keypoints: [Double]
            var score: Double
        }

        var name: String
        var h: Int
        var w: Int
        var sigma: Double?
        var band: Double?
        var drawn_people_x_y_score_or_null: [[[Double]?]]?
        var check_heatmap_l2: Double?
        var check_paf_l2: Double?
        var field_rectangles_channel_x0_y0_x1_y1_value: [[Double]]?
        var keypoints_by_type_x_y_score_id: [[[Double]]]
        var people_18ids_score_count: [[Double]]
        var coco: [Result]
    }

    var cases: [Case]
}

/// People drawn as a perfect network would see them (reference/bottomup, "Drawn scenes").
struct DrawnScene {
    private static let limbs = [
        (1, 2, 12), (1, 5, 20), (2, 3, 14), (3, 4, 16), (5, 6, 22), (6, 7, 24), (1, 8, 0), (8, 9, 2), (9, 10, 4), (1, 11, 6), (11, 12, 8),
        (12, 13, 10), (1, 0, 28), (0, 14, 30), (14, 16, 34), (0, 15, 32), (15, 17, 36), (2, 16, 18), (5, 17, 26),
    ]

    var heatmaps: [Float]
    var fields: [Float]

    init(_ people: [[[Double]?]], width: Int, height: Int, sigma: Double, band: Double) {
        let pixels = width * height
        var maps = [Double](repeating: 0, count: 18 * pixels), sums = [Double](repeating: 0, count: 38 * pixels)
        var counts = [Double](repeating: 0, count: 19 * pixels)
        for person in people {
            for (joint, place) in person.enumerated() {
                guard let place else { continue }
                for y in 0..<height {
                    for x in 0..<width {
                        let dx = Double(x) - place[0], dy = Double(y) - place[1]
                        let value = place[2] * exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
                        maps[joint * pixels + y * width + x] = max(maps[joint * pixels + y * width + x], value)
                    }
                }
            }
            for (index, limb) in Self.limbs.enumerated() {
                guard let a = person[limb.0], let b = person[limb.1] else { continue }
                let dx = b[0] - a[0], dy = b[1] - a[1], length = (dx * dx + dy * dy).squareRoot()
                for y in 0..<height {
                    for x in 0..<width {
                        let (px, py): (Double, Double) = (Double(x) - a[0], Double(y) - a[1])
                        let along: Double = (px * dx + py * dy) / length
                        let across: Double = abs(px * dy - py * dx) / length
                        guard along >= -1, along <= length + 1, across <= band else { continue }
                        sums[limb.2 * pixels + y * width + x] += dx / length
                        sums[(limb.2 + 1) * pixels + y * width + x] += dy / length
                        counts[index * pixels + y * width + x] += 1
                    }
                }
            }
        }
        for (index, limb) in Self.limbs.enumerated() {
            for pixel in 0..<pixels where counts[index * pixels + pixel] > 1 {
                sums[limb.2 * pixels + pixel] /= counts[index * pixels + pixel]
                sums[(limb.2 + 1) * pixels + pixel] /= counts[index * pixels + pixel]
            }
        }
        let background = (0..<pixels).map { pixel -> Double in
            var largest = 0.0
            for map in 0..<18 { largest = max(largest, maps[map * pixels + pixel]) }
            return 1 - largest
        }
        heatmaps = (maps + background).map(Float.init)
        fields = sums.map(Float.init)
    }

    func peaks(_ finder: PartPeakFinder, pixels: Int) -> [[PartPeak]] {
        heatmaps.withUnsafeBufferPointer { maps in
            (0..<18).map { finder.peaks(UnsafeBufferPointer(rebasing: maps[$0 * pixels..<($0 + 1) * pixels])) }
        }
    }
}

/// A network that sees the same people in every picture.
struct Vision: Operator {
    let maps: Tensor
    var name: String { "Vision" }

    func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] { [ValueInfo(.float32, maps.shape)] }

    func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        maps.withElements(as: Float.self) { _ = outputs[0].floats.update(fromContentsOf: $0) }
    }
}
