import CFFmpeg
import Diagnostics
import Foundation

/// The kinds of file that can be written.
enum OutputContainer: String, CaseIterable {
    case mp4, mov, matroska, webm, avi, mpegts

    init?(name: String) {
        switch name.lowercased() {
        case "mp4", "m4v": self = .mp4
        case "mov", "qt": self = .mov
        case "matroska", "mkv": self = .matroska
        case "webm": self = .webm
        case "avi": self = .avi
        case "mpegts", "ts", "m2ts", "mts": self = .mpegts
        default: return nil
        }
    }

    /// MP4 and its parent: unreadable until their index is written, so they grow in fragments that each have their own.
    var isFragmented: Bool { self == .mp4 || self == .mov }

    /// Can be read from its beginning without a step back, so it may go into a pipe.
    var isStreamable: Bool { self != .avi && self != .mov }

    /// Encoders that `auto` tries, in this order (spec: media, 6.1).
    var encoders: [String] {
        switch self {
        case .mp4, .mov, .mpegts: ["libx264", "libopenh264", "mpeg4"]
        case .avi: ["libx264", "libopenh264", "mpeg4", "mjpeg"]
        case .matroska: ["libx264", "libopenh264", "libvpx-vp9", "mpeg4", "mjpeg"]
        case .webm: ["libvpx-vp9", "libvpx"]
        }
    }
}

/// Where a video goes, and as what.
struct OutputDestination {
    /// As the user wrote it, for messages.
    let name: String
    let container: OutputContainer
    /// The file, symbolic links followed; nil for standard output.
    let path: String?
    /// A file with a name and a size, not a device or a pipe.
    let isRegularFile: Bool

    var url: String { path.map { "file:\($0)" } ?? "pipe:1" }

    /// - Throws: `.usage` for an unknown container, `.cannotCreate` when the file exists, is a folder or its folder is missing.
    init(_ name: String, options: VideoWriterOptions, source: SourceDescription) throws {
        self.name = name
        let isPipe = name == "-" || name == "pipe:1" || name == "pipe:"
        container = try Self.container(of: name, format: options.format, isPipe: isPipe)
        guard !isPipe else {
            guard container.isStreamable else {
                throw Failure(
                    .usage, "cannot write video", at: "standard output", because: "\(container.rawValue) cannot go into a pipe",
                    remedy: "use the format matroska or mpegts")
            }
            (path, isRegularFile) = (nil, false)
            return
        }
        var state = stat()
        guard stat(name, &state) == 0 else {
            let folder = (name as NSString).deletingLastPathComponent
            if !folder.isEmpty, stat(folder, &state) != 0 || state.st_mode & S_IFMT != S_IFDIR {
                throw Failure(
                    .cannotCreate, "cannot write video", at: name, because: "there is no folder \(folder)", remedy: "create it first")
            }
            (path, isRegularFile) = (name, true)
            return
        }
        switch state.st_mode & S_IFMT {
        case S_IFDIR: throw Failure(.cannotCreate, "cannot write video", at: name, because: "this is a folder")
        case S_IFREG: break
        default:
            (path, isRegularFile) = (name, false)
            return
        }
        var input = stat()
        if stat(source.uri, &input) == 0, input.st_dev == state.st_dev, input.st_ino == state.st_ino {
            throw Failure(.cannotCreate, "cannot write video", at: name, because: "this is the input itself", remedy: "choose another name")
        }
        guard options.overwrite else {
            throw Failure(
                .cannotCreate, "cannot write video", at: name, because: "the file exists", remedy: "use --overwrite to replace it")
        }
        // A link stays a link: what it points to is written.
        path = (name as NSString).resolvingSymlinksInPath
        isRegularFile = true
    }

    private static func container(of name: String, format: String?, isPipe: Bool) throws -> OutputContainer {
        let remedy = "use .mp4, .mov, .mkv, .webm, .avi or .ts, or name a format: mp4, mov, matroska, webm, avi, mpegts"
        if let format {
            guard let container = OutputContainer(name: format) else {
                throw Failure(.usage, "cannot write video", at: name, because: "unknown format \(format)", remedy: remedy)
            }
            return container
        }
        if isPipe { return .matroska }
        let ending = (name as NSString).pathExtension
        guard let container = OutputContainer(name: ending) else {
            let why = ending.isEmpty ? "its name has no ending that tells the format" : "the ending .\(ending) is not a video format"
            throw Failure(.usage, "cannot write video", at: name, because: why, remedy: remedy)
        }
        return container
    }

    /// Makes the empty file, so that two writers cannot take the same name. False when there was one already.
    func create(overwrite: Bool) throws -> Bool {
        guard let path, isRegularFile else { return false }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_EXCL, 0o666)
        if descriptor >= 0 {
            close(descriptor)
            return true
        }
        let code = errno
        if code == EEXIST, overwrite { return false }
        throw Failure(.cannotCreate, "cannot write video", at: name, because: String(cString: strerror(code)))
    }
}
