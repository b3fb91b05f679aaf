import Foundation
import Synchronization

/// Decides, for a live policy, when the first stage takes its next picture: as late as it can without making the second one wait.
///
/// Two stages that work at the same time double the throughput, but a picture that was taken too early grows old between them.
/// So a picture is taken only when nothing waits behind the first stage, and not before the second one is about to be done, by what
/// both took the last times.
final class LatencyGate: Sendable {
    private struct State {
        var first = Expectation()
        var second = Expectation()
        /// Pictures that the first stage gave and the second has not finished.
        var between = 0
        /// When the second stage began the picture it has.
        var secondBegan: ContinuousClock.Instant?
    }

    /// What a stage takes: follows longer times at once and shorter ones slowly, since a picture that waits costs more than a
    /// stage that does.
    private struct Expectation {
        var seconds = 0.0

        mutating func note(_ duration: Duration) {
            let measured = duration / .seconds(1)
            seconds = measured > seconds ? measured : 0.8 * seconds + 0.2 * measured
        }
    }

    private let state = Mutex(State())

    /// Waits for the right moment.
    ///
    /// - Parameters:
    ///   - isTaken: what the second stage gave was taken on.
    ///   - isOver: nothing more will come, so there is nothing to wait for.
    func wait(until isTaken: () -> Bool, orOver isOver: () -> Bool) {
        while !isOver() {
            let rest = state.withLock { state -> Double in
                guard state.between > 0 else { return 0 }
                guard state.between == 1, let began = state.secondBegan else { return .infinity }
                return state.second.seconds - state.first.seconds - (ContinuousClock.now - began) / .seconds(1)
            }
            if rest <= 0, isTaken() { return }
            // In small steps: the second stage may be done sooner than expected.
            usleep(UInt32(min(max(rest, 0.0005), 0.002) * 1e6))
        }
    }

    /// Runs the first stage on one picture.
    func first<Result>(_ work: () throws -> Result) rethrows -> Result {
        let began = ContinuousClock.now
        defer {
            state.withLock {
                $0.first.note(.now - began)
                $0.between += 1
            }
        }
        return try work()
    }

    /// Runs the second stage on one picture that the first gave.
    func second<Result>(_ work: () throws -> Result) rethrows -> Result {
        let began = ContinuousClock.now
        state.withLock { $0.secondBegan = began }
        defer {
            state.withLock {
                $0.second.note(.now - began)
                $0.secondBegan = nil
                $0.between -= 1
            }
        }
        return try work()
    }
}

extension Optional where Wrapped == LatencyGate {
    /// Without a gate the stages just run.
    func first<Result>(_ work: () throws -> Result) rethrows -> Result {
        guard let self else { return try work() }
        return try self.first(work)
    }

    func second<Result>(_ work: () throws -> Result) rethrows -> Result {
        guard let self else { return try work() }
        return try self.second(work)
    }
}
