import Dispatch
import Foundation

/// SIGINT and SIGTERM end the job in good order; a second SIGINT ends the program at once.
final class SignalWatch {
    private var sources: [any DispatchSourceSignal] = []

    /// - Parameter action: called once, on a queue of its own, with the signal's number.
    init(action: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "posestream.signals")
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                // From now on the signal has its usual effect.
                signal(number, SIG_DFL)
                action(number)
            }
            source.resume()
            sources.append(source)
        }
    }

    func stop() {
        for source in sources { source.cancel() }
    }
}
