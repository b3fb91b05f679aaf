import ArgumentParser
import Foundation
import Logging
import PoseStream
import Synchronization

/// How progress is shown.
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
    /// A line that is redrawn on a terminal, nothing elsewhere.
    case auto
    /// A line every few seconds, also without a terminal.
    case plain
    /// An object a second on standard error.
    case json
    case none
}

/// Shows on standard error what happens during a run.
final class Reporter: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant?
        var lineIsOpen = false
    }

    private let style: ProgressStyle
    private let level: Logger.Level
    private let isTerminal: Bool
    private let state = Mutex(State())

    init(style: ProgressStyle, level: Logger.Level) {
        self.style = style
        self.level = level
        isTerminal = isatty(STDERR_FILENO) == 1
    }

    /// May be called from any stage.
    func handle(_ event: RunEvent) {
        switch event {
        case .progress(let progress): show(progress)
        case .warning(let text) where level <= .warning:
            closeLine()
            ErrorLine.warn(text)
        case .note(let text) where level <= .info:
            closeLine()
            ErrorLine.write("posestream: \(text)")
        case .warning, .note: break
        }
    }

    /// Says, once a run, that better networks than the program's own could be had. Nothing is ever fetched unasked.
    func hint(at models: [String]) {
        guard !models.isEmpty, level <= .warning else { return }
        ErrorLine.write("posestream: the networks in the program are small; for better results: posestream models pull \(models.joined(separator: " "))")
    }

    /// Ends the progress line and prints the summary.
    func finish(_ summary: String?) {
        closeLine()
        if let summary { ErrorLine.write(summary) }
    }

    private func show(_ progress: RunProgress) {
        let interval: Duration
        switch style {
        case .none: return
        case .auto:
            guard isTerminal else { return }
            interval = .milliseconds(100)
        case .plain: interval = .seconds(5)
        case .json: interval = .seconds(1)
        }
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            if let last = state.lastShown, now - last < interval { return false }
            state.lastShown = now
            state.lineIsOpen = style == .auto
            return true
        }
        guard isDue else { return }
        switch style {
        case .auto:
            // Return to the first column, write, clear what is left of the older line.
            FileHandle.standardError.write(Data("\r\(progress.line(width: terminalWidth()))\u{1B}[K".utf8))
        case .plain: ErrorLine.write(progress.line(width: 200))
        case .json: ErrorLine.write(progress.json)
        case .none: break
        }
    }

    private func closeLine() {
        let wasOpen = state.withLock { state in
            defer { state.lineIsOpen = false }
            return state.lineIsOpen
        }
        if wasOpen { ErrorLine.write("") }
    }

    private func terminalWidth() -> Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) - 1 : 79
    }
}
