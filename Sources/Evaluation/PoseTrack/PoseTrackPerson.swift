import Geometry
import Pose

/// The joints that PoseTrack asks for, in poseval's order (spec: metrics section 3; keypoints, PoseTrack).
public enum PoseTrackJoint: Int, CaseIterable, Sendable {
    case rightAnkle, rightKnee, rightHip, leftHip, leftKnee, leftAnkle, rightWrist, rightElbow, rightShoulder, leftShoulder, leftElbow,
        leftWrist, headBottom, nose, headTop

    /// As in the annotation files.
    public var name: String { Self.names[rawValue] }

    private static let names = [
        "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist", "right_elbow", "right_shoulder",
        "left_shoulder", "left_elbow", "left_wrist", "head_bottom", "nose", "head_top",
    ]

    public init?(name: String) {
        // The benchmark of 2017 called it neck.
        guard let index = Self.names.firstIndex(of: name == "neck" ? "head_bottom" : name) else { return nil }
        self.init(rawValue: index)
    }

    /// Spread for OKS, which PoseTrack does not define: COCO's, and those of the eyes for neck and head top, as mmpose has them.
    var sigma: Double {
        switch self {
        case .nose: 0.026
        case .headBottom, .headTop: 0.025
        case .leftShoulder, .rightShoulder: 0.079
        case .leftElbow, .rightElbow: 0.072
        case .leftWrist, .rightWrist: 0.062
        case .leftHip, .rightHip: 0.107
        case .leftKnee, .rightKnee: 0.087
        case .leftAnkle, .rightAnkle: 0.089
        }
    }
}

/// A person of a frame, true or predicted.
public struct PoseTrackPerson: Sendable {
    public var id: Int
    /// By `PoseTrackJoint`; nil where it is not annotated or was not found. A truth's score means nothing.
    public var joints: [Keypoint?]
    /// 0.6 times the diagonal of the head's box, pixels: the unit of distances. Truth only.
    public var headSize: Double?
    public var box: Box?

    /// What a prediction without scores gets, as in poseval.
    static let noScore = -9999.0

    public init(id: Int, joints: [Keypoint?], headSize: Double? = nil, box: Box? = nil) {
        self.id = id
        self.joints = joints
        self.headSize = headSize
        self.box = box
    }

    /// A person of ours; nil without an id.
    ///
    /// - Parameters:
    ///   - names: the joints' names, in the person's order.
    ///   - guessesHead: make up neck and head top from nose and shoulders, which COCO's set lacks.
    public init?(_ person: Person, names: [String], guessesHead: Bool) {
        guard let id = person.id else { return nil }
        var joints = [Keypoint?](repeating: nil, count: PoseTrackJoint.allCases.count)
        for (name, joint) in zip(names, person.keypoints) where !joint.isMissing {
            if let place = PoseTrackJoint(name: name) { joints[place.rawValue] = joint }
        }
        if guessesHead {
            let guess = HeadGuess(
                nose: joints[PoseTrackJoint.nose.rawValue], left: joints[PoseTrackJoint.leftShoulder.rawValue],
                right: joints[PoseTrackJoint.rightShoulder.rawValue])
            for (place, joint) in [(PoseTrackJoint.headBottom, guess?.bottom), (.headTop, guess?.top)] {
                joints[place.rawValue] = joints[place.rawValue] ?? joint
            }
        }
        self.init(id: id, joints: joints, box: person.box)
    }

    var isEmpty: Bool { joints.allSatisfy { $0 == nil } }
    /// Rectangle of the person: as annotated, else of the joints.
    var extent: Box? { box ?? Box(bounding: joints.compactMap { $0?.position }) }
}

/// Neck and head top, which COCO's joints lack, from the nose and the middle of the shoulders: the neck 0.3 of the way to the
/// nose, the head top 0.9 of that way beyond it. The score is the smallest of the three.
public struct HeadGuess: Sendable {
    public let bottom: Keypoint
    public let top: Keypoint

    /// nil when one of the three is missing.
    public init?(nose: Keypoint?, left: Keypoint?, right: Keypoint?) {
        guard let nose, let left, let right, !nose.isMissing, !left.isMissing, !right.isMissing else { return nil }
        let middle = (left.position + right.position) * 0.5
        let way = nose.position - middle
        let score = min(nose.score, left.score, right.score)
        bottom = Keypoint(position: middle + way * 0.3, score: score)
        top = Keypoint(position: nose.position + way * 0.9, score: score)
    }
}
