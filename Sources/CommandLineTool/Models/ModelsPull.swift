import ArgumentParser
import Diagnostics
import Downloads
import Foundation
import PoseStream
import Synchronization

extension ModelsCommand {
    struct Pull: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pull",
            abstract: "Download networks of the registry, each checked by its SHA-256.",
            discussion: """
                Goes on where an earlier run was broken off. A file gets its name only when all of it is there and it is the one that
                was published. Nothing else ever downloads.

                Examples:
                  posestream models pull yolox-nano
                  posestream models pull hrnet-w32-256x192-mmpose --to ./weights
                  posestream models pull yolox-nano yolox-s --mirror https://models.example.org/posestream
                """)

        @Argument(help: "Registry names.")
        var names: [String]

        @Option(help: "Folder to put them into (default: \(ModelLibrary.userFolder().path)).")
        var to: String?

        @Option(help: "Ask this server, which holds the files under their names, instead of the publishers' (or $POSESTREAM_MIRROR).")
        var mirror: String?

        @Flag(help: "Take a file whose publisher states no SHA-256; it is written down for the next time.")
        var unpinned = false

        @Flag(help: "Replace a file that is there and differs.")
        var force = false

        @Option(help: "Progress on standard error: auto, plain, json or none.")
        var progress: ProgressStyle = .auto

        func run() throws {
            var pull = ModelPull(folder: to.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? ModelLibrary.userFolder())
            let mirror = mirror ?? ProcessInfo.processInfo.environment["POSESTREAM_MIRROR"].flatMap { $0.isEmpty ? nil : $0 }
            if let mirror {
                guard let url = URL(string: mirror), url.scheme != nil else {
                    throw Failure(.usage, "wrong mirror", at: "--mirror \(mirror)", because: "it is no address", remedy: "write --mirror https://…")
                }
                pull.mirror = url
            }
            pull.acceptsUnpinned = unpinned
            pull.replaces = force
            for name in names {
                let reporter = DownloadReporter(name: name, style: progress)
                let result = try pull.run(name) { reporter.show($0) }
                reporter.finish()
                print(result.file.path)
                guard progress != .none else { continue }
                ErrorLine.write(result.wasPresent ? "\(name) was there, SHA-256 \(result.sha256)" : "\(name): \(result.bytes) bytes, \(result.words)")
                if let note = ModelRegistry.find(name)?.note, !result.wasPresent { ErrorLine.write("\(name): \(note)") }
            }
        }
    }
}

extension ModelPull.Result {
    /// What the file's SHA-256 was held against, in words.
    fileprivate var words: String {
        switch trust {
        case .pinned: "SHA-256 as the registry states it"
        case .recorded: "SHA-256 as it was the first time"
        case .prefix: "SHA-256 begins as the file's name says; \(sha256) is written down"
        case .first: "SHA-256 \(sha256) is taken on trust and written down"
        }
    }
}

/// Shows how far a download is.
private final class DownloadReporter: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant?
        var start: (time: ContinuousClock.Instant, bytes: Int)?
        var lineIsOpen = false
    }

    private let name: String
    private let style: ProgressStyle
    private let state = Mutex(State())

    init(name: String, style: ProgressStyle) {
        self.name = name
        self.style = style == .auto && isatty(STDERR_FILENO) != 1 ? .none : style
    }

    func show(_ progress: ModelPull.Progress) {
        if let why = progress.interruption, style != .none {
            finish()
            ErrorLine.warn("\(name): \(why); going on after \(progress.bytes) bytes")
            return
        }
        let now = ContinuousClock.now
        let interval: Duration = style == .auto ? .milliseconds(100) : style == .plain ? .seconds(5) : .seconds(1)
        let rate: Double? = state.withLock { state in
            let start = state.start ?? (now, progress.bytes)
            state.start = start
            let isLast = progress.bytes == progress.total
            if let last = state.lastShown, now - last < interval, !isLast { return nil }
            state.lastShown = now
            state.lineIsOpen = style == .auto
            let seconds = (now - start.time) / .seconds(1)
            return seconds > 0 ? Double(progress.bytes - start.bytes) / seconds : 0
        }
        guard let rate else { return }
        switch style {
        case .none: break
        case .auto: FileHandle.standardError.write(Data("\r\(line(progress, rate))\u{1B}[K".utf8))
        case .plain: ErrorLine.write(line(progress, rate))
        case .json:
            let total = progress.total.map(String.init) ?? "null"
            ErrorLine.write("{\"name\":\"\(name)\",\"bytes\":\(progress.bytes),\"total\":\(total),\"bytes_per_second\":\(Int(rate))}")
        }
    }

    func finish() {
        let wasOpen = state.withLock { state in
            defer { state.lineIsOpen = false }
            return state.lineIsOpen
        }
        if wasOpen { ErrorLine.write("") }
    }

    private func line(_ progress: ModelPull.Progress, _ rate: Double) -> String {
        let megabytes = { (bytes: Int) in String(format: "%.1f", Double(bytes) / 1e6) }
        guard let total = progress.total, total > 0 else { return "\(name): \(megabytes(progress.bytes)) MB, \(megabytes(Int(rate))) MB/s" }
        let left = rate > 0 ? Int(Double(total - progress.bytes) / rate) : 0
        return "\(name): \(100 * progress.bytes / total) % of \(megabytes(total)) MB, \(megabytes(Int(rate))) MB/s, \(left) s left"
    }
}
