/// A change of brightness: what the grey values of the second picture are multiplied by, and what is added (grey levels), so
/// that they compare with those of the first.
public struct Exposure: Sendable, Hashable {
    public var gain: Double
    public var offset: Double

    public static let unchanged = Exposure(gain: 1, offset: 0)

    /// Changes below one percent do no harm; above a stop the picture has lost too much in the dark or the light.
    static let gains = 0.53...1.88

    func callAsFunction(_ grey: Double) -> Double { gain * grey + offset }

    /// From pairs of grey values that show the same places: mean and deviation are matched, twice without the pairs that fit
    /// worst (people move, things are hidden). nil when there is nothing to go by.
    init?(first: [UInt8], second: [UInt8]) {
        guard first.count == second.count, first.count >= 64 else { return nil }
        var chosen = Array(first.indices)
        var (gain, offset) = (1.0, 0.0)
        for share in [1.0, 0.7, 0.7] {
            if share < 1 {
                let residuals = first.indices.map { abs(gain * Double(second[$0]) + offset - Double(first[$0])) }
                let limit = residuals.sorted()[Int(share * Double(residuals.count - 1))]
                chosen = first.indices.filter { residuals[$0] <= limit }
            }
            let a = Self.statistics(first, chosen)
            let b = Self.statistics(second, chosen)
            guard a.deviation > 2, b.deviation > 2 else { return nil }
            gain = a.deviation / b.deviation
            offset = a.mean - gain * b.mean
        }
        guard Self.gains.contains(gain) else { return nil }
        self.init(gain: gain, offset: offset)
    }

    public init(gain: Double, offset: Double) {
        self.gain = gain
        self.offset = offset
    }

    private static func statistics(_ values: [UInt8], _ chosen: [Int]) -> (mean: Double, deviation: Double) {
        var (sum, squares) = (0, 0)
        for i in chosen {
            sum += Int(values[i])
            squares += Int(values[i]) * Int(values[i])
        }
        let count = Double(max(1, chosen.count))
        let mean = Double(sum) / count
        return (mean, max(0, Double(squares) / count - mean * mean).squareRoot())
    }
}
