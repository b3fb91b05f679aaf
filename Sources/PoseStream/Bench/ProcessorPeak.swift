import CKernels
import Dispatch

/// What this processor reaches at most, measured: fused multiply-adds on registers.
enum ProcessorPeak {
    /// Floating-point operations a second of so many threads together; the best of several short bursts.
    static func measure(threads: Int) -> Double {
        let clock = ContinuousClock()
        let rounds: Int64 = 2_000_000
        var best = 0.0
        for _ in 0..<8 {
            let time = clock.measure {
                DispatchQueue.concurrentPerform(iterations: max(threads, 1)) { _ in
                    var sink: Float = 0
                    _ = ps_peak_run(rounds, &sink)
                }
            }
            // A run of one round says how many operations a round has.
            var sink: Float = 0
            let operations = Double(ps_peak_run(1, &sink)) * Double(rounds) * Double(max(threads, 1))
            best = max(best, operations / (time / .seconds(1)))
        }
        return best
    }
}
