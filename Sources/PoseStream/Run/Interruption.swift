import Synchronization

/// The wish that a job may end in good order: it may come from any thread, before the job has begun or while it runs.
final class Interruption: Sendable {
    private struct State {
        var signal: Int32?
        var ending: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// The signal that was the reason; nil while nobody has asked.
    var signal: Int32? { state.withLock { $0.signal } }

    /// Asks the job to end. False when nothing runs yet: there is nothing to finish.
    func request(bySignal signal: Int32) -> Bool {
        let ending = state.withLock { state in
            state.signal = signal
            return state.ending
        }
        ending?()
        return ending != nil
    }

    /// The job runs from now on.
    ///
    /// - Parameter ending: makes it come to its end soon; called at once when somebody has asked already.
    func begin(_ ending: @escaping @Sendable () -> Void) {
        let isWanted = state.withLock { state in
            state.ending = ending
            return state.signal != nil
        }
        if isWanted { ending() }
    }
}
