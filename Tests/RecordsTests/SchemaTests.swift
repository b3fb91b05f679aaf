import Foundation
import Records
import Testing

@Suite struct SchemaTests {
    /// Runs Python's `jsonschema` over lines; nil when it is not installed. The verdicts: "ok" or what is wrong, one for each line.
    private func verdicts(_ lines: [UInt8]) throws -> [String]? {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posestream-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Record.jsonSchema.utf8).write(to: folder.appendingPathComponent("schema.json"))
        try Data(lines).write(to: folder.appendingPathComponent("lines.ndjson"))
        let script = """
            import json, sys
            try: import jsonschema
            except ImportError: sys.exit(77)
            schema = json.load(open("schema.json"))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for line in open("lines.ndjson", encoding="utf-8"):
                error = next(iter(validator.iter_errors(json.loads(line))), None)
                print("ok" if error is None else error.message[:200].replace(chr(10), " "))
            """
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "60", "python3", "-B", "-c", script]
        process.currentDirectoryURL = folder
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus != 77, process.terminationStatus != 127 else { return nil }
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("the schema is JSON of draft 2020-12 and names every record")
    func isJSON() throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(Record.jsonSchema.utf8)) as? [String: Any]
        let definitions = try #require(parsed?["$defs"] as? [String: Any])
        #expect(Set(definitions.keys).isSuperset(of: ["header", "frame", "person", "gap", "end"]))
    }

    @Test("our records keep our own schema, and damaged ones do not, says Python's jsonschema")
    func foreignValidator() throws {
        let good = Samples.lines(Samples.records(frames: 60, seed: 8))
        let bad = [
            #"{"type":"frame","frame":0,"pts":null,"time":0}"#,
            #"{"type":"frame","frame":-1,"pts":null,"time":0,"people":[]}"#,
            #"{"type":"frame","frame":0,"pts":null,"time":0,"people":[{"id":0,"state":"gone","src":"net","score":1,"box":[1,2,3,4],"keypoints":[]}]}"#,
            #"{"type":"frame","frame":0,"pts":null,"time":0,"people":[{"id":0,"state":"confirmed","src":"net","score":1,"box":[1,2,3],"keypoints":[]}]}"#,
            #"{"type":"header","schema":"posestream/2"}"#, #"{"type":"end","reason":"bored"}"#, #"{"frame":0}"#,
        ]
        guard let verdicts = try verdicts(good + Array((bad.joined(separator: "\n") + "\n").utf8)) else {
            print("jsonschema is not installed for python3: the schema was only read as JSON")
            return
        }
        let goodCount = good.count { $0 == UInt8(ascii: "\n") }
        #expect(verdicts.count == goodCount + bad.count)
        for verdict in verdicts.prefix(goodCount) { #expect(verdict == "ok") }
        for (verdict, line) in zip(verdicts.dropFirst(goodCount), bad) { #expect(verdict != "ok", "\(line)") }
    }
}
