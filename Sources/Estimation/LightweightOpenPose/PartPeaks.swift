import CKernels
import Sampling

/// A place where a joint may be: a maximum of its heatmap, in pixels of the enlarged map.
package struct PartPeak: Sendable, Hashable {
    package var x: Int
    package var y: Int
    package var score: Float

    package init(x: Int, y: Int, score: Float) {
        self.x = x
        self.y = y
        self.score = score
    }
}

/// Finds the joints' places in Lightweight OpenPose's heatmaps (`extract_keypoints`; spec: networks-bottomup 1.3).
///
/// The maps are read as if enlarged `factor` times by cubic interpolation, but only where a peak is possible. Owns the
/// working memory for maps of one size.
package final class PartPeakFinder {
    /// Values below count as 0.
    private static let threshold: Float = 0.1
    /// A peak removes later ones that are nearer, whatever their scores; enlarged pixels.
    private static let distance = 6
    /// The best peaks of a map that go on. Far more than people fit into a picture; maps of noise have thousands.
    private static let limit = 200

    private let size: InputSize
    private let factor: Int
    private let enlarged: UnsafeMutableBufferPointer<Float>
    private let blocks: UnsafeMutableBufferPointer<UInt8>
    private let found: UnsafeMutableBufferPointer<ps_peak>

    /// `size` is that of the maps; `factor` is from 1 to 16.
    package init(size: InputSize, factor: Int) {
        precondition(size.isSensible && (1...Int(PS_ENLARGE_MAX)).contains(factor))
        self.size = size
        self.factor = factor
        let pixels = size.width * size.height * factor * factor
        enlarged = .allocate(capacity: pixels)
        enlarged.initialize(repeating: 0)
        blocks = .allocate(capacity: (size.width + 1) * (size.height + 1))
        blocks.initialize(repeating: 0)
        // Of two neighbours at most one is a peak.
        found = .allocate(capacity: pixels / 2 + 1)
        found.initialize(repeating: ps_peak())
    }

    deinit {
        enlarged.deallocate()
        blocks.deallocate()
        found.deallocate()
    }

    /// The peaks of a map, sorted by x, then y.
    package func peaks(_ map: UnsafeBufferPointer<Float>) -> [PartPeak] {
        precondition(map.count >= size.width * size.height)
        let count = ps_enlarged_peaks(
            map.baseAddress, Int32(size.height), Int32(size.width), Int32(factor), Self.threshold, enlarged.baseAddress,
            blocks.baseAddress, found.baseAddress, found.count)
        let sorted = found.prefix(count).map { PartPeak(x: Int($0.x), y: Int($0.y), score: $0.score) }
            .sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        let kept = Self.suppressed(sorted)
        guard kept.count > Self.limit else { return kept }
        return kept.sorted { $0.score > $1.score }.prefix(Self.limit).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    }

    /// Each peak in turn removes all later ones near it; what is removed removes nothing.
    private static func suppressed(_ peaks: [PartPeak]) -> [PartPeak] {
        var isRemoved = [Bool](repeating: false, count: peaks.count)
        var kept: [PartPeak] = []
        for (index, peak) in peaks.enumerated() where !isRemoved[index] {
            kept.append(peak)
            for later in index + 1..<peaks.count {
                let dx = peaks[later].x - peak.x, dy = peaks[later].y - peak.y
                if dx >= distance { break }
                if dx * dx + dy * dy < distance * distance { isRemoved[later] = true }
            }
        }
        return kept
    }
}
