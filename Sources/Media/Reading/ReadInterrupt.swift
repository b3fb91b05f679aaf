import CShims

/// The switch that ends a blocked read or open, from any thread; once thrown it stays so.
///
/// Give one to `SourceOptions.interrupt` to be able to end `openSource` itself, for example while it waits for the first
/// bytes of standard input.
public final class ReadInterrupt: @unchecked Sendable {
    // Safe to share: all state is two C atomics behind the pointer.

    let handle: OpaquePointer?
    private let parent: ReadInterrupt?

    public convenience init() { self.init(within: nil) }

    /// A switch that is thrown with its parent as well; throwing it leaves the parent alone.
    init(within parent: ReadInterrupt?) {
        self.parent = parent
        handle = ps_interrupt_new(parent?.handle)
    }

    deinit { ps_interrupt_free(handle) }

    public func cancel() {
        if let handle { ps_interrupt_cancel(handle) }
    }

    public var isCancelled: Bool { handle.map(ps_interrupt_is_cancelled) ?? false }

    /// Blocking calls end after `seconds`; nil takes the deadline away.
    func setDeadline(after seconds: Double?) {
        guard let handle else { return }
        ps_interrupt_set_deadline(handle, seconds.map { Int64(min(max($0, 1e-6), 1e9) * 1e6) } ?? 0)
    }

    var isExpired: Bool { handle.map(ps_interrupt_is_expired) ?? false }
    /// A blocking call should end now.
    var isThrown: Bool { isCancelled || isExpired }
}
