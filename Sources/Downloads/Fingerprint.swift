/// What is known beforehand of a file's SHA-256.
public enum Fingerprint: Sendable, Hashable {
    /// All 64 hex digits.
    case sha256(String)
    /// The first hex digits, as the names of PyTorch's and OpenMMLab's files carry them.
    case prefix(String)
    /// Nothing: whatever comes would be taken.
    case unknown

    /// Whether a file with this SHA-256 (64 lower-case hex digits) may be the one.
    public func accepts(_ digest: String) -> Bool {
        switch self {
        case .sha256(let whole): digest == whole.lowercased()
        case .prefix(let digits): digest.hasPrefix(digits.lowercased())
        case .unknown: true
        }
    }

    /// Whether the file is the one and no other could be made to look like it.
    public var isPinned: Bool {
        if case .sha256 = self { true } else { false }
    }
}
