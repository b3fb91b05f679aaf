import Foundation
import Pose

/// What a person was seen to wear: the mean of the last seconds' sightings.
struct Wardrobe: Hashable, Sendable, Codable {
    /// Older sightings fade with this time constant, in seconds: the light changes.
    private static let fading = 1.0
    /// Fewer sightings say nothing.
    private static let least = 3
    /// More are not counted.
    private static let most = 1000

    private var shares: [Double] = []
    private var count = 0
    private var last = 0.0

    init() {}

    mutating func add(_ appearance: Appearance, at time: Double) {
        let weight = max(1 / (Double(count) + 1), 1 - exp(-(time - last) / Self.fading))
        if count == 0 {
            shares = appearance.shares
        } else {
            // A bookmark may have brought another number of shares.
            for (index, share) in zip(shares.indices, appearance.shares) { shares[index] += weight * (share - shares[index]) }
        }
        count = min(max(count, 0), Self.most - 1) + 1
        last = time
    }

    /// How alike what was worn and what is seen now are, 0 to 1; nil when one of them is not known.
    func likeness(to appearance: Appearance?) -> Double? {
        guard let appearance, count >= Self.least else { return nil }
        return appearance.likeness(toShares: shares)
    }
}
