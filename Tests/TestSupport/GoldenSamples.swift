/// A tensor of the reference folders, by some of its values.
public struct GoldenSamples: Decodable, Sendable {
    public var shape: [Int]
    public var l2: Double
    /// Flat, row-major.
    public var index: [Int]
    public var value: [Double]

    /// The largest difference of the samples, and of the root of the sum of squares relative to the golden one.
    public func differences(to values: some Collection<Float>) -> (sample: Double, norm: Double) {
        let values = Array(values)
        guard values.count == shape.reduce(1, *) else { return (.infinity, .infinity) }
        let sample = zip(index, value).map { abs(Double(values[$0]) - $1) }.max() ?? .infinity
        let norm = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return (sample, abs(norm - l2) / l2)
    }
}
