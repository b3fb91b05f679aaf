import Diagnostics
import Foundation

/// Opens what a user names on the command line.
///
/// | argument | becomes |
/// | --- | --- |
/// | an existing file (whatever its name holds) or named pipe | its video, or its one picture |
/// | an existing folder | its pictures in natural order |
/// | a pattern with `*`, `?` or `[` | the pictures that it names |
/// | `-` | the video on standard input; `pipe:N` on descriptor N |
/// | `rtsp:`, `http:`, `https:`, `udp:`, `srt:`, `rtmp:` | the stream at that address |
///
/// - Throws: `Failure`, whose kind tells what to do: `.noInput` for what is not there, `.data` for what is no video,
///   `.unavailable` for what this machine cannot reach or decode, `.usage` for what cannot be meant. `CancellationError`
///   when `options.interrupt` was thrown meanwhile.
public func openSource(_ argument: String, options: SourceOptions = SourceOptions()) throws -> any FrameSource {
    if argument == "-" { return try openStandardInput(options) }
    var status = stat()
    // What exists is a file first: a name may hold a colon or a star.
    if stat(argument, &status) == 0 { return try openPath(argument, options) }
    if argument.hasPrefix("file:") {
        let rest = argument.dropFirst("file:".count)
        return try openPath(String(rest.hasPrefix("//") ? rest.dropFirst(2) : rest), options)
    }
    if argument.hasPrefix("pipe:") {
        guard let descriptor = Int32(argument.dropFirst("pipe:".count)), descriptor >= 0 else {
            throw Failure(.usage, "cannot open video", at: argument, because: "pipe: is followed by the number of a descriptor")
        }
        return try VideoFileSource(descriptor: descriptor, options: options)
    }
    if argument.contains("://") {
        guard let location = InputLocation.network(argument) else {
            throw Failure(
                .usage, "cannot open video", at: InputLocation.withoutCredentials(argument), because: "this protocol is not read",
                remedy: "rtsp, http, https, udp, srt and rtmp are")
        }
        return try VideoFileSource(location, options)
    }
    for device in ["v4l2:", "x11grab:", "lavfi:"] where argument.hasPrefix(device) {
        throw Failure(
            .unavailable, "cannot open device", at: argument, because: "cameras, screens and generated video are not read by this version",
            remedy: "let ffmpeg capture it and pipe it in: ffmpeg … -f matroska - | posestream -")
    }
    if argument.contains(where: { "*?[".contains($0) }) { return try PictureSource(pattern: argument, options: options) }
    let isNumbered = argument.range(of: "%[0-9]*d", options: .regularExpression) != nil
    throw Failure(
        .noInput, "cannot open video", at: argument, because: "no such file",
        remedy: isNumbered ? "name numbered pictures by a pattern in quotes: 'seq_*.png'" : nil)
}

private func openPath(_ path: String, _ options: SourceOptions) throws -> any FrameSource {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
        return try PictureSource(folder: path, options: options)
    }
    return try VideoFileSource(path: path, options: options)
}

private func openStandardInput(_ options: SourceOptions) throws -> any FrameSource {
    guard isatty(0) == 0 else {
        throw Failure(
            .usage, "cannot open video", at: "-", because: "standard input is a terminal", remedy: "pipe a video into it, or name a file")
    }
    return try VideoFileSource(descriptor: 0, options: options)
}
