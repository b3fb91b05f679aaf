import Diagnostics
import Foundation
import Pose
import Records
import Testing

@Suite struct WriterTests {
    private func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    @Test("each line is in the file as soon as it was written")
    func file() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("poses.ndjson").path
            let writer = try RecordWriter(.file(path, overwrite: false))
            let records = Samples.records(frames: 5, seed: 4)
            for (index, record) in records.enumerated() {
                #expect(try writer.write(record) == .written)
                let expected = Samples.lines(Array(records[...index]))
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(expected))
                #expect(writer.bytesWritten == expected.count)
            }
            try writer.close()
            try writer.close()
            #expect(throws: Failure.self) { try writer.write(records[0]) }
        }
    }

    @Test("a file is continued after the line where it is cut")
    func continuing() throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("poses.ndjson")
            let records = Samples.records(frames: 6, seed: 12)
            let kept = Samples.lines(Array(records[..<4]))
            try Data(Samples.lines(records) + Array("{\"type\":\"fra".utf8)).write(to: file)
            let writer = try RecordWriter(.continuing(file.path, after: kept.count))
            #expect(writer.bytesWritten == kept.count && writer.canBeContinued)
            #expect(try writer.write(records[4]) == .written)
            #expect(writer.lastLine == Samples.lines([records[4]]))
            writer.synchronize()
            try writer.close()
            #expect(try Data(contentsOf: file) == Data(Samples.lines(Array(records[..<5]))))
            let failure = #expect(throws: Failure.self) { _ = try RecordWriter(.continuing(folder.path + "/none", after: 0)) }
            #expect(failure?.kind == .cannotCreate)
        }
    }

    @Test("an output that exists is kept unless overwriting was asked for")
    func existing() throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("poses.ndjson")
            try Data("precious".utf8).write(to: file)
            let failure = #expect(throws: Failure.self) { _ = try RecordWriter(.file(file.path, overwrite: false)) }
            #expect(failure?.kind == .cannotCreate)
            #expect(failure?.remedy?.contains("--overwrite") == true)
            #expect(try String(contentsOf: file, encoding: .utf8) == "precious")
            let writer = try RecordWriter(.file(file.path, overwrite: true))
            #expect(try writer.write(.end(Samples.end)) == .written)
            #expect(try Data(contentsOf: file) == Data(Samples.lines([.end(Samples.end)])))
        }
    }

    @Test("a missing folder and a folder in place of a file cannot be created")
    func folders() throws {
        try withFolder { folder in
            for path in [folder.appendingPathComponent("none/poses.ndjson").path, folder.path] {
                for overwrite in [false, true] {
                    let failure = #expect(throws: Failure.self) { _ = try RecordWriter(.file(path, overwrite: overwrite)) }
                    #expect(failure?.kind == .cannotCreate)
                    #expect(failure?.place == path)
                }
            }
        }
    }

    @Test("devices are written to without asking, and a full one is a failure of writing")
    func devices() throws {
        #expect(try RecordWriter(.file("/dev/null", overwrite: false)).write(.end(Samples.end)) == .written)
        let full = try RecordWriter(.file("/dev/full", overwrite: false))
        let failure = #expect(throws: Failure.self) { try full.write(.end(Samples.end)) }
        #expect(failure?.kind == .inputOutput)
        #expect(failure?.remedy != nil)
    }

    @Test("a pipe whose reader goes away ends the writing quietly, not the process")
    func closedPipe() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("pipe").path
            #expect(mkfifo(path, 0o600) == 0)
            // Opened for both so that nobody waits for the other end.
            let reading = open(path, O_RDWR)
            let writer = try RecordWriter(.file(path, overwrite: false))
            #expect(try writer.write(.end(Samples.end)) == .written)
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(reading, &bytes, bytes.count)
            #expect(Array(bytes.prefix(count)) == Samples.lines([.end(Samples.end)]))
            close(reading)
            #expect(try writer.write(.end(Samples.end)) == .readerClosed)
            #expect(try writer.write(.end(Samples.end)) == .readerClosed)
        }
    }

    @Test("lines that are larger than a pipe holds arrive whole at a slow reader, and lines of several threads never mix")
    func slowReader() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("pipe").path
            #expect(mkfifo(path, 0o600) == 0)
            let reading = open(path, O_RDONLY | O_NONBLOCK)
            let writer = try RecordWriter(.file(path, overwrite: false))
            let people = (0..<300).map { Samples.person(id: $0) }
            let frame = FrameRecord(FrameResult(frame: 0, pts: 0, time: 0, people: people))
            let done = DispatchGroup()
            for _ in 0..<4 {
                DispatchQueue.global().async(group: done) {
                    for _ in 0..<3 { #expect((try? writer.write(frame)) == .written) }
                }
            }
            let expected = Samples.lines([.frame(frame)])
            var received: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 10_000)
            let deadline = Date().addingTimeInterval(30)
            while received.count < expected.count * 12, Date() < deadline {
                let count = read(reading, &chunk, chunk.count)
                if count > 0 { received += chunk[..<count] } else { usleep(500) }
            }
            close(reading)
            #expect(done.wait(timeout: .now() + 30) == .success)
            #expect(received == (0..<12).flatMap { _ in expected })
        }
    }

    /// A folder on a disk of a few hundred kilobytes, for example `mount -t tmpfs -o size=256k`.
    private static let smallDisk = ProcessInfo.processInfo.environment["POSESTREAM_SMALL_DISK"]

    @Test("when the disk fills up the file ends with its last whole line", .enabled(if: smallDisk != nil, "POSESTREAM_SMALL_DISK names no small disk"))
    func fullDisk() throws {
        let file = URL(fileURLWithPath: try #require(Self.smallDisk)).appendingPathComponent("poses.ndjson")
        defer { try? FileManager.default.removeItem(at: file) }
        let writer = try RecordWriter(.file(file.path, overwrite: true))
        let frame = FrameRecord(FrameResult(frame: 0, pts: 0, time: 0, people: (0..<9).map { Samples.person(id: $0) }))
        var lines = 0
        let failure = #expect(throws: Failure.self) {
            while lines < 100_000 {
                _ = try writer.write(frame)
                lines += 1
            }
        }
        #expect(failure?.kind == .inputOutput)
        #expect(lines > 10)
        #expect(try Data(contentsOf: file) == Data((0..<lines).flatMap { _ in Samples.lines([.frame(frame)]) }))
    }
}
