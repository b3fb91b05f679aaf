import Foundation

/// A program that runs beside a test: signalled while it runs, killed with all its children when the test lets go of it.
///
/// It starts with no signal blocked and in a process group of its own, which Foundation's `Process` does not promise: a child of
/// one of its threads would not hear SIGTERM.
public final class RunningProgram: @unchecked Sendable {
    // Safe to share: all but `ending` never changes, and that is locked.

    /// How it ended.
    public enum Ending: Equatable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    /// What it prints; nil when that goes nowhere.
    public let output: FileHandle?
    private let process: pid_t
    private let lock = NSLock()
    private var ending: Ending?

    /// - Parameters:
    ///   - words: the program, by its path or found in PATH, and its arguments. No shell is involved.
    ///   - errors: a file for its standard error; nil: nowhere.
    public init(_ words: [String], environment: [String: String] = [:], readsOutput: Bool = false, errors: String? = nil) throws {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var usual = sigset_t()
        sigemptyset(&usual)
        for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&usual, number) }
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, errors ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var ends: [Int32] = [-1, -1]
        if readsOutput {
            guard pipe(&ends) == 0 else { throw Program.TimedOut(description: "no pipe") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        }
        let values = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var (arguments, variables) = (words.map { strdup($0) } + [nil], values.map { strdup($0) } + [nil])
        defer { for word in arguments + variables { free(word) } }
        var child = pid_t()
        let code = posix_spawnp(&child, words[0], &actions, &attributes, &arguments, &variables)
        if readsOutput { close(ends[1]) }
        output = readsOutput ? FileHandle(fileDescriptor: ends[0], closeOnDealloc: true) : nil
        process = child
        guard code == 0 else {
            ending = .exit(127)
            throw Program.TimedOut(description: "\(words[0]): \(String(cString: strerror(code)))")
        }
    }

    public func signal(_ number: Int32) { kill(process, number) }

    /// Waits for its end. Throws `TimedOut` when it does not come in time, and then kills it unless told otherwise.
    @discardableResult
    public func wait(seconds: Double, killing: Bool = true) throws -> Ending {
        let deadline = ContinuousClock.now + .seconds(seconds * Sanitizer.patience)
        repeat {
            if let ending = poll() { return ending }
            usleep(10_000)
        } while ContinuousClock.now < deadline
        if killing { kill(-process, SIGKILL) }
        throw Program.TimedOut(description: "still running after \(seconds) s")
    }

    /// Ends it and everything that it started, and waits for that.
    public func stop() {
        guard poll() == nil else { return }
        kill(-process, SIGTERM)
        if (try? wait(seconds: 2, killing: false)) == nil {
            kill(-process, SIGKILL)
            _ = try? wait(seconds: 2)
        }
    }

    private func poll() -> Ending? {
        lock.withLock {
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(process, &status, WNOHANG) == process else { return nil }
            let number = status & 0x7f
            ending = number == 0 ? .exit(status >> 8 & 0xff) : .signal(number)
            return ending
        }
    }

    deinit { stop() }
}
