import Media

/// What `--version` prints.
public enum Versions {
    public static let program = "0.1.0"

    /// Program, FFmpeg, and what the processor offers to the kernels.
    public static var summary: String {
        "posestream \(program), FFmpeg \(FFmpegFacts.version), \(Processor.features.isEmpty ? "plain" : Processor.features.joined(separator: " "))"
    }
}
