import Foundation

/// Names of sources: in the records when there are several, and in the names of their files.
public enum SourceName {
    /// A short name for an input as it stands on the command line: `clips/a.mp4` is `a`, `rtsp://me:secret@door.local/stream1` is
    /// `door.local-stream1`, `v4l2:/dev/video0` is `video0`.
    public static func of(_ input: String) -> String {
        if input == "-" { return "stdin" }
        if let separator = input.range(of: "://") {
            let rest = input[separator.upperBound...].prefix { !"?#".contains($0) }
            let authority = rest.prefix { $0 != "/" }
            let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
            let last = rest.dropFirst(authority.count).split(separator: "/").last ?? ""
            return plain(last.isEmpty ? String(host) : "\(host)-\((String(last) as NSString).deletingPathExtension)")
        }
        if input.hasPrefix("lavfi:") { return "lavfi" }
        if input.hasPrefix("v4l2:") { return plain((input as NSString).lastPathComponent) }
        if input.hasPrefix("x11grab:") { return plain("display" + input.dropFirst("x11grab:".count)) }
        let last = (input as NSString).lastPathComponent
        return plain((last as NSString).deletingPathExtension)
    }

    /// The same names, each of them different from those before it: `a`, `a-2`.
    static func unique(_ names: [String]) -> [String] {
        var taken: Set<String> = []
        return names.map { name in
            var number = 1
            var candidate = name
            while !taken.insert(candidate).inserted {
                number += 1
                candidate = "\(name)-\(number)"
            }
            return candidate
        }
    }

    /// Only what every file system takes, at most 64 characters.
    static func plain(_ text: String) -> String {
        let allowed = text.map { letter -> Character in
            letter.isASCII && (letter.isLetter || letter.isNumber) || "-_.".contains(letter) || (!letter.isASCII && letter.isLetter) ? letter : "-"
        }
        let trimmed = String(allowed).trimmingCharacters(in: CharacterSet(charactersIn: "-."))
        return trimmed.isEmpty ? "source" : String(trimmed.prefix(64))
    }
}

/// The name of an output, which may stand for one file of each source.
public struct OutputPattern: Sendable, Equatable {
    private let text: String

    public init(_ text: String) { self.text = text }

    /// Whether each source gets a file of its own: the name holds `{source}`, or is a folder.
    public var isOnePerSource: Bool { text.contains("{source}") || isFolder }

    private var isFolder: Bool {
        var isDirectory: ObjCBool = false
        return text.hasSuffix("/") || (FileManager.default.fileExists(atPath: text, isDirectory: &isDirectory) && isDirectory.boolValue)
    }

    /// The file for a source; a folder that is named by a slash at its end is made when it is missing.
    ///
    /// - Parameter ending: of a file in a folder, with its dot.
    public func file(for source: String, ending: String) -> String {
        if text.contains("{source}") { return text.replacingOccurrences(of: "{source}", with: SourceName.plain(source)) }
        guard isFolder else { return text }
        if text.hasSuffix("/") { try? FileManager.default.createDirectory(atPath: text, withIntermediateDirectories: true) }
        return (text.hasSuffix("/") ? text : text + "/") + SourceName.plain(source) + ending
    }
}
