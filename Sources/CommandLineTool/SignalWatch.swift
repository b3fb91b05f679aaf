import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM end the job in good order; the same signal again ends the program at once.
final class SignalWatch {
    private var sources: [any DispatchSourceSignal] = []

    /// When it returns, no signal is lost any more.
    ///
    /// - Parameter action: called once a signal, on a queue of its own, with the signal's number.
    init(action: @escaping @Sendable (Int32) -> Void) {
        // Dispatch's manager thread installs its handlers some time after `resume`; until both are there a signal waits, blocked.
        var (watched, before) = (sigset_t(), sigset_t())
        sigemptyset(&watched)
        for number in [SIGINT, SIGTERM] { sigaddset(&watched, number) }
        pthread_sigmask(SIG_BLOCK, &watched, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        // The action has a queue of its own: the same signal again is heard also while it waits for something.
        let queue = DispatchQueue(label: "posestream.signals"), ending = DispatchQueue(label: "posestream.ending")
        let installed = DispatchSemaphore(value: 0)
        for number in [SIGINT, SIGTERM] {
            let isEnding = Mutex(false)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setRegistrationHandler { installed.signal() }
            source.setEventHandler {
                let isSecond = isEnding.withLock { isEnding in
                    defer { isEnding = true }
                    return isEnding
                }
                if isSecond { Self.end(by: number) } else { ending.async { action(number) } }
            }
            source.resume()
            sources.append(source)
        }
        for _ in sources { installed.wait() }
    }

    /// Ends the process as the signal does when nobody watches.
    private static func end(by number: Int32) {
        var one = sigset_t()
        sigemptyset(&one)
        sigaddset(&one, number)
        signal(number, SIG_DFL)
        pthread_sigmask(SIG_UNBLOCK, &one, nil)
        raise(number)
    }

    func stop() {
        for source in sources { source.cancel() }
    }
}
