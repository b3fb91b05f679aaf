/// What somebody wears: how brightness and the two colour differences are spread over the middle of the body.
///
/// Three histograms of eight soft classes each (Y, Cb, Cr), kept as the square roots of their shares, so that comparing two of them is
/// a scalar product: the Bhattacharyya coefficient (Comaniciu, Ramesh, Meer 2000: mean-shift tracking of such histograms).
public struct Appearance: Hashable, Sendable, Codable {
    /// Classes of each of the three histograms.
    public static let classes = 8
    public static let count = 3 * classes

    /// Square roots of the shares, 255 for all of the pixels: the classes of Y, then of Cb, then of Cr.
    public let roots: [UInt8]

    /// - Parameter roots: `count` of them; nil for another number.
    public init?(roots: [UInt8]) {
        guard roots.count == Self.count else { return nil }
        self.roots = roots
    }

    /// The shares of the classes, each histogram of sum 1 but for rounding.
    package var shares: [Double] { roots.map { Double($0) / 255 * (Double($0) / 255) } }

    /// How alike this and a mean of several are, 0 to 1: the mean of the coefficients of the three histograms.
    ///
    /// - Parameter shares: `count` of them.
    package func likeness(toShares shares: [Double]) -> Double {
        zip(roots, shares).reduce(0.0) { $0 + Double($1.0) / 255 * max(0, $1.1).squareRoot() } / 3
    }
}
