/// Size of a network's input, or of its maps: columns and rows.
public struct InputSize: Sendable, Hashable, CustomStringConvertible {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Width x height, as cameras and FFmpeg count (the papers' "256x192" is height x width).
    public var description: String { "\(width)x\(height)" }

    /// Whether a network can reasonably have such an input.
    public var isSensible: Bool { (1...8192).contains(width) && (1...8192).contains(height) }
}
