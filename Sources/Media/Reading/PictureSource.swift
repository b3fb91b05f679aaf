import Diagnostics
import Foundation
import Synchronization

/// A folder or a list of pictures as a video: each file is a frame, in natural order (1, 2, 10), of any size.
///
/// A picture that cannot be read is skipped, counted as corrupt and named in the warnings.
public final class PictureSource: FrameSource, @unchecked Sendable {
    // Safe to share: `lock` admits one caller at a time, what may be asked meanwhile lies in `snapshot`.

    public let description: SourceDescription
    /// The files in the order in which they are read.
    public let files: [String]

    private let lock = NSLock()
    private let interrupt: ReadInterrupt
    private let snapshot = Mutex(Snapshot())
    // Guarded by `lock`.
    private var reader: PictureReader
    private var first: VideoFrame?

    private struct Snapshot {
        var statistics = DecodeStatistics()
        var warnings: [String] = []
    }

    /// Endings of file names that count as pictures.
    public static let endings: Set<String> = [
        "jpg", "jpeg", "jpe", "png", "webp", "bmp", "tif", "tiff", "ppm", "pgm", "pnm", "pam", "jp2", "j2k", "tga", "qoi", "sgi", "exr",
        "avif",
    ]

    /// All pictures of a folder, by the endings of their names; hidden files and folders inside are left out.
    /// - Throws: `Failure` `.data` when there is none or none can be decoded, `.noInput` when the folder cannot be read.
    public convenience init(folder: String, options: SourceOptions = SourceOptions()) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw Failure(.noInput, "cannot open folder", at: folder, because: "not allowed to read it")
        }
        let pictures = names.filter { !$0.hasPrefix(".") && Self.isPicture($0) }
        guard !pictures.isEmpty else {
            throw Failure(
                .data, "cannot open folder", at: folder, because: "it holds no pictures",
                remedy: "a video inside it must be named itself")
        }
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        try self.init(files: pictures.map { base + $0 }, name: (folder as NSString).lastPathComponent, uri: folder, options: options)
    }

    /// The files that a shell pattern such as `shots/*.png` names.
    /// - Throws: `Failure` `.noInput` when it names none, `.data` when none of them is a picture.
    public convenience init(pattern: String, options: SourceOptions = SourceOptions()) throws {
        let paths = Self.expand(pattern)
        guard !paths.isEmpty else { throw Failure(.noInput, "cannot open pictures", at: pattern, because: "no file has such a name") }
        let pictures = paths.filter(Self.isPicture)
        guard !pictures.isEmpty else {
            throw Failure(.data, "cannot open pictures", at: pattern, because: "none of the \(paths.count) files is a picture")
        }
        try self.init(files: pictures, name: (pattern as NSString).lastPathComponent, uri: pattern, options: options)
    }

    /// - Parameters:
    ///   - files: paths in any order.
    ///   - name, uri: what the header record says of them.
    public init(files: [String], name: String, uri: String, options: SourceOptions = SourceOptions()) throws {
        self.files = files.sorted(by: NaturalOrder.isBefore)
        interrupt = ReadInterrupt(within: options.interrupt)
        reader = PictureReader(files: self.files, options: options, interrupt: interrupt)
        let first = try reader.next()
        if interrupt.isCancelled { throw CancellationError() }
        guard let first else {
            throw Failure(
                .data, "cannot open pictures", at: uri,
                because: "none of the \(files.count) pictures can be decoded" + (reader.firstTrouble.map { ": \($0)" } ?? ""))
        }
        self.first = first
        let color = first.picture.pointee
        description = SourceDescription(
            name: name, uri: uri, width: first.width, height: first.height, rotation: 0,
            timeBase: Rational(reader.rate.denominator, reader.rate.numerator), frameRate: reader.rate.value, frames: files.count,
            startTime: 0, isLive: false, averageFrameRate: reader.rate,
            sampleAspectRatio: Rational(known: color.sample_aspect_ratio),
            color: ColorDescription(of: first.picture))
        publish()
    }

    public var statistics: DecodeStatistics { snapshot.withLock { $0.statistics } }
    public var warnings: [String] { snapshot.withLock { $0.warnings } }

    public func cancel() { interrupt.cancel() }

    /// The next picture; nil after the last and after `cancel()`. Throws nothing: what cannot be read is skipped and counted.
    public func next() throws -> VideoFrame? {
        try lock.withLock {
            if interrupt.isCancelled { return nil }
            if let first {
                self.first = nil
                return first
            }
            defer { publish() }
            return try reader.next()
        }
    }

    private func publish() {
        let (statistics, warnings) = (reader.statistics, reader.warnings)
        snapshot.withLock { $0 = Snapshot(statistics: statistics, warnings: warnings) }
    }

    private static func isPicture(_ path: String) -> Bool { endings.contains((path as NSString).pathExtension.lowercased()) }

    private static func expand(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, GLOB_TILDE, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv?[$0].map { String(cString: $0) } }
    }
}

/// Opens one picture after the other.
private struct PictureReader {
    let rate: Rational
    private(set) var statistics = DecodeStatistics()
    private(set) var warnings: [String] = []
    /// Why the first picture that failed did.
    private(set) var firstTrouble: String?

    private let files: [String]
    private let options: SourceOptions
    private let interrupt: ReadInterrupt
    private var nextFile = 0

    private static let warningLimit = 20

    init(files: [String], options: SourceOptions, interrupt: ReadInterrupt) {
        let wanted = options.pictureRate
        rate = wanted.numerator > 0 && wanted.denominator > 0 ? wanted : Rational(25, 1)
        var options = options
        options.interrupt = interrupt
        options.decoderThreads = options.decoderThreads ?? 1  // a picture has no other picture to decode beside it
        options.keepsOtherStreams = false
        (self.files, self.options, self.interrupt) = (files, options, interrupt)
    }

    mutating func next() throws -> VideoFrame? {
        while nextFile < files.count, !interrupt.isCancelled {
            let file = files[nextFile]
            nextFile += 1
            do {
                let source = try VideoFileSource(path: file, options: options)
                guard let picture = try source.next() else { continue }
                if picture.isCorrupt {
                    statistics.corrupt += 1
                    warn("\(file): damaged")
                }
                let index = statistics.decoded
                let period = Double(rate.denominator) / Double(rate.numerator)
                let frame = try VideoFrame(
                    picture, index: index, pts: Int64(index), time: Double(index) * Double(rate.denominator) / Double(rate.numerator),
                    duration: period)
                statistics.decoded += 1
                return frame
            } catch let failure as Failure {
                statistics.corrupt += 1
                firstTrouble = firstTrouble ?? "\(failure.place): \(failure.why)"
                warn("\(file): skipped: \(failure.why)")
            } catch is CancellationError {
                return nil
            }
        }
        return nil
    }

    private mutating func warn(_ line: String) {
        if warnings.count < Self.warningLimit { warnings.append(line) }
    }
}
