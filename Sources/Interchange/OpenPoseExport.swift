import Foundation
import Geometry
import Pose
import Records

/// OpenPose's JSON: a file a frame, `NAME_000000000012_keypoints.json`, with COCO's 18 or BODY_25's 25 joints; neck and middle of
/// the hips are made from shoulders and hips, feet are missing (spec: keypoints, OpenPose).
struct OpenPoseExport: FrameExport {
    private let source: ExportSource
    private let options: ExportOptions
    private let folder: OutputFolder

    init(_ source: ExportSource, _ options: ExportOptions, _ folder: OutputFolder) {
        (self.source, self.options, self.folder) = (source, options, folder)
    }

    private static let arms = ["right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"]
    private static let legs = ["right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"]
    private static let face = ["right_eye", "left_eye", "right_ear", "left_ear"]

    func add(_ frame: FrameResult) throws {
        let people = frame.people(options).map { person -> JSONValue in
            let empty: JSONValue = .array([])
            return [
                "person_id": .array([.integer(person.id ?? -1)]), "pose_keypoints_2d": .array(joints(person).flatMap(Self.triple)),
                "face_keypoints_2d": empty, "hand_left_keypoints_2d": empty, "hand_right_keypoints_2d": empty,
                "pose_keypoints_3d": empty, "face_keypoints_3d": empty, "hand_left_keypoints_3d": empty, "hand_right_keypoints_3d": empty,
            ]
        }
        let file: JSONValue = ["version": 1.3, "people": .array(people)]
        try folder.write(file.text + "\n", to: "\(source.name.inFileName)_\(String(format: "%012d", frame.frame))_keypoints.json")
    }

    func finish() {}

    private func joints(_ person: Person) -> [Keypoint?] {
        func named(_ names: [String]) -> [Keypoint?] { names.map { person.found(source.index($0)) } }
        func middle(_ part: String) -> Keypoint? {
            guard let left = person.found(source.index("left_\(part)")), let right = person.found(source.index("right_\(part)")) else { return nil }
            return Keypoint(position: (left.position + right.position) * 0.5, score: min(left.score, right.score))
        }
        let top = named(["nose"]) + [person.found(source.index("neck")) ?? middle("shoulder")] + named(Self.arms)
        switch options.body {
        case .coco18: return top + named(Self.legs) + named(Self.face)
        case .body25: return top + [middle("hip")] + named(Self.legs) + named(Self.face) + [Keypoint?](repeating: nil, count: 6)
        }
    }

    private static func triple(_ joint: Keypoint?) -> [JSONValue] {
        guard let joint else { return [0, 0, 0] }
        return [.number(joint.position.x), .number(joint.position.y), .number(joint.score)]
    }
}
