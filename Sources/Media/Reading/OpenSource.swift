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
/// | `v4l2:/dev/video0` or `/dev/video0` | the camera; lost ones are opened again |
/// | `x11grab::0.0` | the screen; `x11grab:` takes `$DISPLAY` |
/// | `lavfi:testsrc` | what this filter graph generates |
///
/// Cameras, screens and streams are opened again when they are lost (`LiveSource`).
///
/// - Throws: `Failure`, whose kind tells what to do: `.noInput` for what is not there, `.data` for what is no video,
///   `.unavailable` for what this machine cannot reach or decode, `.usage` for what cannot be meant. `CancellationError`
///   when `options.interrupt` was thrown meanwhile.
public func openSource(_ argument: String, options: SourceOptions = SourceOptions()) throws -> any FrameSource {
    if argument == "-" { return try openStandardInput(options) }
    var status = stat()
    // What exists is a file first: a name may hold a colon or a star.
    if stat(argument, &status) == 0 {
        let isCamera = argument.hasPrefix("/dev/video") && status.st_mode & S_IFMT == S_IFCHR
        return isCamera ? try openSource("v4l2:" + argument, options: options) : try openPath(argument, options)
    }
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
                .usage, "cannot open video", at: Credentials.masked(argument), because: "this protocol is not read",
                remedy: "rtsp, http, https, udp, srt and rtmp are")
        }
        return try openStream(location, options)
    }
    if let location = try DeviceInput.location(argument) { return try openStream(location, options) }
    if argument.contains(where: { "*?[".contains($0) }) { return try PictureSource(pattern: argument, options: options) }
    let isNumbered = argument.range(of: "%[0-9]*d", options: .regularExpression) != nil
    throw Failure(
        .noInput, "cannot open video", at: argument, because: "no such file",
        remedy: isNumbered ? "name numbered pictures by a pattern in quotes: 'seq_*.png'" : nil)
}

/// What may be lost and come back is watched; what only lies elsewhere, a film on a web server, is a file.
private func openStream(_ location: InputLocation, _ options: SourceOptions) throws -> any FrameSource {
    if location.isLive || options.retriesFirstConnection { return try LiveSource(location, options) }
    let source = try VideoFileSource(location, options)
    return source.description.isLive ? try LiveSource(location, options, opened: source) : source
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
