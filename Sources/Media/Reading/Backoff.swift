import Diagnostics
import Foundation

/// The waits between attempts to reach a source: half a second, doubled up to ten, each a little off, so that many programs that lost
/// one camera do not all come back at the same moment.
package struct Backoff {
    /// Attempts so far.
    package private(set) var count = 0

    private let limit: Double
    private let started = ContinuousClock.now

    /// - Parameter limit: seconds in all after which nothing is tried any more; infinity for ever.
    package init(limit: Double) { self.limit = limit }

    /// Seconds to wait before the next attempt; nil when it is time to give up.
    package mutating func next() -> Double? {
        let spent = (ContinuousClock.now - started) / .seconds(1)
        guard spent < limit else { return nil }
        let wait = Self.wait(beforeAttempt: count) * Double.random(in: 0.8...1.2)
        count += 1
        return min(wait, limit - spent)
    }

    /// Seconds before the attempt with that number, from 0, without the random part.
    package static func wait(beforeAttempt number: Int) -> Double { min(10, 0.5 * pow(2, Double(min(number, 10)))) }

    /// What is said in the end.
    func givingUp(_ last: Failure) -> Failure {
        let seconds = Int(((ContinuousClock.now - started) / .seconds(1)).rounded())
        return Failure(
            .unavailable, "source stayed away", at: last.place, because: "\(count) attempts in \(seconds) s, the last: \(last.why)",
            remedy: "--reconnect SECONDS waits longer")
    }
}
