/// What went wrong, in the one form that every room throws and the command line prints:
/// `posestream: error: WHAT: WHERE: WHY (what to do)`.
///
/// The kind decides the exit code, so a room never needs to know about processes.
public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The classes of failure, each with its exit code (the codes of sysexits.h).
    public enum Kind: Int32, Sendable {
        /// The command line is wrong.
        case usage = 64
        /// The data is wrong: not a video, a damaged model, bad ground truth.
        case data = 65
        /// An input does not exist or cannot be read.
        case noInput = 66
        /// A source stayed unreachable, or an encoder or device is not in this FFmpeg.
        case unavailable = 69
        /// A defect of ours.
        case internalDefect = 70
        /// An output cannot be created or exists already.
        case cannotCreate = 73
        /// Reading or writing failed in the middle, for example on a full disk.
        case inputOutput = 74
        /// A pipeline file or setting is wrong.
        case configuration = 78
    }

    public var kind: Kind
    /// What could not be done, a few words: "cannot open video".
    public var what: String
    /// Which file, line, key or tensor: "clip.mp4".
    public var place: String
    /// The reason: "no video stream".
    public var why: String
    /// What the user can do about it; nil when there is nothing sensible to say.
    public var remedy: String?

    public init(_ kind: Kind, _ what: String, at place: String, because why: String, remedy: String? = nil) {
        self.kind = kind
        self.what = what
        self.place = place
        self.why = why
        self.remedy = remedy
    }

    public var exitCode: Int32 { kind.rawValue }

    /// The error line without the program's name. Always one line, whatever the parts hold, and without passwords of URLs.
    public var description: String {
        let parts = [what, place, why].filter { !$0.isEmpty }.map { Credentials.masked(in: $0) }.joined(separator: ": ")
        let line = remedy.map { "\(parts) (\($0))" } ?? parts
        return String(line.map { $0.isNewline ? " " : $0 })
    }
}
