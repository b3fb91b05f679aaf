import Pose

/// Tidy CSV: a row for each joint (or, wide, for each person and frame), a header line, a point as decimal sign; a joint that was
/// not found has empty cells.
struct CSVExport: FrameExport {
    private let source: ExportSource
    private let options: ExportOptions
    private let output: OutputText
    private var isStarted = false

    init(_ source: ExportSource, _ options: ExportOptions, _ output: OutputText) {
        (self.source, self.options, self.output) = (source, options, output)
    }

    private mutating func start() throws {
        guard !isStarted else { return }
        isStarted = true
        let front = ["source", "frame", "time", "id", "state", "src", "score"]
        let back = options.isWide
            ? ["box_x", "box_y", "box_width", "box_height"] + source.set.names.flatMap { ["\($0)_x", "\($0)_y", "\($0)_score"] }
            : ["joint", "x", "y", "joint_score"]
        try output.write((front + back).map(\.inCSV).joined(separator: ",") + "\n")
    }

    mutating func add(_ frame: FrameResult) throws {
        try start()
        for person in frame.people {
            let front = [
                source.name.inCSV, String(frame.frame), String(number: frame.time), person.id.map { String($0) } ?? "", person.state.rawValue,
                person.origin.rawValue, String(number: person.score),
            ]
            let joints = source.set.names.indices.map { Self.cells(person.found($0)) }
            if options.isWide {
                let box = [person.box.x, person.box.y, person.box.width, person.box.height].map(String.init(number:))
                try output.write((front + box + joints.flatMap { $0 }).joined(separator: ",") + "\n")
            } else {
                for (name, cells) in zip(source.set.names, joints) {
                    try output.write((front + [name.inCSV] + cells).joined(separator: ",") + "\n")
                }
            }
        }
    }

    mutating func finish() throws {
        try start()
        try output.finish()
    }

    private static func cells(_ joint: Keypoint?) -> [String] {
        guard let joint else { return ["", "", ""] }
        return [joint.position.x, joint.position.y, joint.score].map(String.init(number:))
    }
}
