import ArgumentParser
import PoseStream

/// The options of an annotated video.
struct VideoArguments: ParsableArguments {
    @Option(help: ArgumentHelp("FFmpeg's name of the video encoder (default: H.264 where there is one; doctor lists them).", valueName: "name"))
    var encoder: String?

    @Option(help: ArgumentHelp("Constant quality in the encoder's scale, smaller is better (libx264: 0 to 51, usual 23).", valueName: "number"))
    var quality: Double?

    @Option(help: ArgumentHelp("Speed of the encoder: ultrafast to veryslow for libx264 (usual: veryfast, ultrafast for live sources).", valueName: "name"))
    var preset: String?

    var encoding: VideoEncoding { VideoEncoding(encoder: encoder, quality: quality, preset: preset) }
}
