import Diagnostics
import Evaluation
import Foundation
import Pose
import Records

/// A PoseTrack18 prediction, as poseval reads it: every frame listed, scores for each joint, track ids (spec: metrics section 6).
struct PoseTrackExport: FrameExport {
    private let source: ExportSource
    private let options: ExportOptions
    private let output: OutputText
    private let video: Int
    private var images: [(id: Int, frame: Int)] = []
    private var annotations: [String] = []

    private static let mostFrames = 10_000
    private static let mostTracks = 10_000

    init(_ source: ExportSource, _ options: ExportOptions, _ output: OutputText) throws {
        (self.source, self.options, self.output) = (source, options, output)
        let digits = source.name.prefix { $0.isASCII && $0.isNumber }
        video = options.video ?? (digits.count == 6 ? Int(digits) ?? 1 : 1)
        guard (0...999_999).contains(video) else {
            throw Failure(.usage, "cannot export", at: "--video-id \(video)", because: "PoseTrack's videos have six digits")
        }
    }

    mutating func add(_ frame: FrameResult) throws {
        guard frame.frame < Self.mostFrames else {
            throw Failure(
                .data, "cannot export", at: "frame \(frame.frame)", because: "PoseTrack18 counts frames to \(Self.mostFrames - 1)",
                remedy: "export a part of the film")
        }
        let id = (1_000_000 + video) * 10_000 + frame.frame
        images.append((id, frame.frame))
        for (index, person) in frame.people(options).filter({ $0.id != nil }).enumerated() {
            guard let track = person.id, (0..<Self.mostTracks).contains(track), index < 100 else {
                throw Failure(
                    .data, "cannot export", at: "frame \(frame.frame)",
                    because: "PoseTrack18 holds ids to \(Self.mostTracks - 1) and 100 people in a frame")
            }
            let joints = joints(person)
            let annotation: JSONValue = [
                "id": .integer(id * 100 + index), "image_id": .integer(id), "category_id": 1, "track_id": .integer(track),
                "bbox": .array([person.box.x, person.box.y, person.box.width, person.box.height].map(JSONValue.number)),
                "keypoints": .array(
                    joints.flatMap { joint -> [JSONValue] in
                        joint.map { [.number($0.position.x), .number($0.position.y), 1] } ?? [0, 0, 0]
                    }),
                "scores": .array(joints.map { .number($0?.score ?? 0) }), "score": .number(person.score),
            ]
            annotations.append(annotation.text)
        }
    }

    func finish() throws {
        let folder = String(format: "%06d_mpii_test", video)
        let images = images.map { image -> JSONValue in
            [
                "id": .integer(image.id), "frame_id": .integer(image.id), "vid_id": .string(String(format: "%06d", video)),
                "file_name": .string("images/val/\(folder)/\(String(format: "%06d", image.frame)).jpg"),
                "nframes": .integer(self.images.count), "is_labeled": true, "has_no_densepose": true,
            ]
        }
        let category: JSONValue = [
            "id": 1, "name": "person", "supercategory": "person", "keypoints": .array(PoseTrackFile.names.map(JSONValue.string)), "skeleton": .array([]),
        ]
        try output.write("{\"images\":\(JSONValue.array(images).text),\"categories\":[\(category.text)],\"annotations\":[")
        for (index, annotation) in annotations.enumerated() { try output.write((index > 0 ? ",\n" : "\n") + annotation) }
        try output.write("]}\n")
        try output.finish()
    }

    /// In PoseTrack18's order; ears are never asked for.
    private func joints(_ person: Person) -> [Keypoint?] {
        func named(_ name: String) -> Keypoint? { person.found(source.index(name)) }
        let guess = options.guessesHead
            ? HeadGuess(nose: named("nose"), left: named("left_shoulder"), right: named("right_shoulder")) : nil
        return PoseTrackFile.names.map { name in
            switch name {
            case "head_bottom": named(name) ?? named("neck") ?? guess?.bottom
            case "head_top": named(name) ?? guess?.top
            case "left_ear", "right_ear": nil
            default: named(name)
            }
        }
    }
}
