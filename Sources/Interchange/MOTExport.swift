import Pose

/// MOTChallenge's text: frame (from 1), id (from 1), left, top, width, height, score, -1, -1, -1. Boxes as they are.
struct MOTExport: FrameExport {
    private let options: ExportOptions
    private let output: OutputText

    init(_ options: ExportOptions, _ output: OutputText) {
        (self.options, self.output) = (options, output)
    }

    func add(_ frame: FrameResult) throws {
        let people = frame.people(options).compactMap { person in person.id.map { ($0, person) } }.sorted { $0.0 < $1.0 }
        for (id, person) in people {
            let numbers = [person.box.x, person.box.y, person.box.width, person.box.height, person.score].map(String.init(number:))
            try output.write("\(frame.frame + 1),\(id &+ 1),\(numbers.joined(separator: ",")),-1,-1,-1\n")
        }
    }

    func finish() throws { try output.finish() }
}
