import Estimation
import Flow
import Tracking

/// One key of a pipeline file: its name, what it accepts, and where its value lives.
struct ConfigurationKey: Sendable {
    /// Dotted path: "detect.score".
    let path: String
    let kind: ConfigurationKind
    /// The value; nil when the key's section is absent.
    let read: @Sendable (PipelineConfiguration) -> ConfigurationValue?
    /// Must be called with a value that `kind` accepted.
    let write: @Sendable (inout PipelineConfiguration, ConfigurationValue) -> Void

    var section: String { path.contains(".") ? String(path.prefix { $0 != "." }) : "" }
    var name: String { String(path.drop { $0 != "." }.dropFirst()) }
}

extension ConfigurationKey {
    /// All keys of a pipeline file, in the order in which they are printed. Parsing, `--set`, printing, the header record
    /// and the nearest-key hint all read this one table.
    static let all: [ConfigurationKey] = [
        key("name", .text, \.name),
        detect("model", .text, \.model),
        detect("score", .number(0...1), \.score),
        detect("nms", .numberOr("auto", 0...1), \.nms),
        detect("every", keyFrames, \.every),
        detect("max_people", .integer(1...1000), \.maxPeople),
        optional("detect.shorter_side", .integer(64...2048), { $0.detect?.shorterSide }) { configuration, value in
            configuration.detect = configuration.detect ?? PipelineConfiguration.Detect()
            configuration.detect?.shorterSide = value
        },
        key("pose.model", .text, \.pose.model),
        key("pose.flip", .boolean, \.pose.flip),
        key("pose.padding", .number(0.5...4), \.pose.padding),
        key("pose.decoder", .choice(["auto"] + PoseDecoder.allCases.map(\.rawValue)), \.pose.decoder),
        choice("pose.keypoints", \.pose.keypoints),
        key("pose.every", keyFrames, \.pose.every),
        key("pose.nms", .number(0...1), \.pose.nms),
        optional("pose.score", .number(0...1), { $0.pose.score }) { $0.pose.score = $1 },
        optional("pose.height", .integer(64...2048), { $0.pose.height }) { $0.pose.height = $1 },
        optional("pose.processing", .choice(PictureProcessing.allCases.map(\.rawValue)), { $0.pose.processing?.rawValue }) {
            $0.pose.processing = PictureProcessing(rawValue: $1)
        },
        optional("pose.stages", .integer(0...16), { $0.pose.stages }) { $0.pose.stages = $1 },
        optional("pose.prn.model", .text, { $0.pose.prnModel }) { $0.pose.prnModel = $1 },
        optional("pose.prn.fill", .boolean, { $0.pose.prnFill }) { $0.pose.prnFill = $1 },
        choice("track.similarity", \.track.similarity),
        choice("track.flow", \.flow),
        key("track.appearance", .boolean, \.track.appearance),
        key("track.propagate", .boolean, \.propagate),
        association,
        choice("track.assignment", \.track.assignment),
        key("track.memory", .number(0...3600), \.track.memory),
        key("track.queue", .integer(1...1000), \.track.queue),
        key("track.threshold", .number(0...1), \.track.threshold),
        key("track.joint_score", .number(0...1), \.track.jointScore),
        key("track.high_score", .number(0...1), \.track.highScore),
        key("track.high_box", .numberOr("auto", 0...1), \.highBox),
        key("track.low_score", .number(0...1), \.track.lowScore),
        key("track.confirm_score", .number(0...1), \.track.confirmScore),
        key("track.people", .integer(0...1000), \.track.people),
        key("track.smooth", .boolean, \.smooth),
    ]

    private static let keyFrames = ConfigurationKind.integerOr("auto", KeyFrames.limit)

    /// `greedy` and `hungarian` are short for the staged association with that assignment.
    private static let association = ConfigurationKey(
        path: "track.association",
        kind: .choice(TrackerConfiguration.Association.allCases.map(\.rawValue) + TrackerConfiguration.Pairing.allCases.map(\.rawValue)),
        read: { .text($0.track.association.rawValue) },
        write: { configuration, value in
            guard case .text(let name) = value else { return }
            if let assignment = TrackerConfiguration.Pairing(rawValue: name) {
                configuration.track.association = .staged
                configuration.track.assignment = assignment
            } else if let association = TrackerConfiguration.Association(rawValue: name) {
                configuration.track.association = association
            }
        })

    static func find(_ path: String) -> ConfigurationKey? { all.first { $0.path == path } }

    /// The valid key that is nearest to a mistyped one.
    static func nearest(to path: String) -> String {
        all.map { (path: $0.path, distance: editDistance(from: $0.path, to: path)) }.min { $0.distance < $1.distance }?.path ?? ""
    }

    private static func key<Value: ConfigurationScalar>(
        _ path: String, _ kind: ConfigurationKind, _ property: WritableKeyPath<PipelineConfiguration, Value> & Sendable
    ) -> ConfigurationKey {
        ConfigurationKey(
            path: path, kind: kind,
            read: { $0[keyPath: property].configurationValue },
            write: { configuration, value in
                if let value = Value(value) { configuration[keyPath: property] = value }
            })
    }

    /// A key that need not be there: some networks have no use for it.
    private static func optional<Value: ConfigurationScalar>(
        _ path: String, _ kind: ConfigurationKind, _ read: @escaping @Sendable (PipelineConfiguration) -> Value?,
        _ write: @escaping @Sendable (inout PipelineConfiguration, Value) -> Void
    ) -> ConfigurationKey {
        ConfigurationKey(
            path: path, kind: kind, read: { read($0)?.configurationValue },
            write: { configuration, value in
                if let value = Value(value) { write(&configuration, value) }
            })
    }

    /// A key whose values are the cases of an enumeration.
    private static func choice<Value: CaseIterable & RawRepresentable<String> & Sendable>(
        _ path: String, _ property: WritableKeyPath<PipelineConfiguration, Value> & Sendable
    ) -> ConfigurationKey {
        ConfigurationKey(
            path: path, kind: .choice(Value.allCases.map(\.rawValue)),
            read: { .text($0[keyPath: property].rawValue) },
            write: { configuration, value in
                guard case .text(let name) = value, let choice = Value(rawValue: name) else { return }
                configuration[keyPath: property] = choice
            })
    }

    /// A key of the optional section `detect`, which is made when its first key is written.
    private static func detect<Value: ConfigurationScalar>(
        _ name: String, _ kind: ConfigurationKind, _ property: WritableKeyPath<PipelineConfiguration.Detect, Value> & Sendable
    ) -> ConfigurationKey {
        ConfigurationKey(
            path: "detect.\(name)", kind: kind,
            read: { $0.detect?[keyPath: property].configurationValue },
            write: { configuration, value in
                guard let value = Value(value) else { return }
                var section = configuration.detect ?? PipelineConfiguration.Detect()
                section[keyPath: property] = value
                configuration.detect = section
            })
    }
}

/// Number of letters to insert, delete or change to come from one word to the other (Levenshtein).
func editDistance(from a: String, to b: String) -> Int {
    let target = Array(b)
    var row = Array(0...target.count)
    for (i, letter) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in target.indices {
            let above = row[j + 1]
            row[j + 1] = min(diagonal + (letter == target[j] ? 0 : 1), above + 1, row[j] + 1)
            diagonal = above
        }
    }
    return row[target.count]
}
