/// The One Euro filter of a single signal (Casiez, Roussel, Vogel 2012): smooth while it rests, quick while it moves.
///
/// Times in seconds, cutoffs in hertz, so that it does the same at every frame rate.
public struct OneEuroFilter: Hashable, Sendable, Codable {
    /// How much is let through.
    public struct Parameters: Hashable, Sendable, Codable {
        /// Cutoff at rest, in hertz: lower is smoother.
        public var minimumCutoff: Double
        /// How much the cutoff rises with the speed, in hertz for each unit a second: higher lags less.
        public var beta: Double
        /// Cutoff of the speed itself, in hertz.
        public var speedCutoff: Double

        public init(minimumCutoff: Double, beta: Double, speedCutoff: Double) {
            self.minimumCutoff = minimumCutoff
            self.beta = beta
            self.speedCutoff = speedCutoff
        }
    }

    private struct State: Hashable, Sendable, Codable {
        var time: Double
        var value: Double
        var speed: Double
    }

    private let parameters: Parameters
    private var state: State?

    public init(_ parameters: Parameters) {
        self.parameters = parameters
    }

    /// The smoothed value of a sample; the first sample is its own. A sample that is not later than the last gives the last
    /// result again.
    ///
    /// - Parameter unit: what counts as 1 for `beta`, in units of the value.
    public mutating func smooth(_ value: Double, at time: Double, unit: Double = 1) -> Double {
        guard let last = state else {
            state = State(time: time, value: value, speed: 0)
            return value
        }
        let step = time - last.time
        guard step > 0 else { return last.value }
        func weight(_ cutoff: Double) -> Double { 1 / (1 + 1 / (2 * .pi * cutoff * step)) }
        let speedWeight = weight(parameters.speedCutoff)
        let speed = speedWeight * (value - last.value) / step + (1 - speedWeight) * last.speed
        let valueWeight = weight(parameters.minimumCutoff + parameters.beta * speed.magnitude / unit)
        let smoothed = valueWeight * value + (1 - valueWeight) * last.value
        state = State(time: time, value: smoothed, speed: speed)
        return smoothed
    }
}
