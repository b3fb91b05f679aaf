import Diagnostics
import Foundation
import Geometry
import Pose

/// One sequence in PoseTrack18's JSON: truth or prediction (spec: metrics, section 6).
public struct PoseTrackFile: Sendable {
    public struct Frame: Sendable {
        /// Joins the frames of truth and prediction.
        public var imageID: Int
        /// Number of the picture in its sequence, from 0 for the first one that the file lists.
        public var number: Int
        /// False where the annotators did nothing: such frames are not asked for.
        public var isLabeled: Bool
        /// Polygons; what lies strictly inside one counts neither as right nor as wrong.
        public var ignoreRegions: [[Point]]
        public var people: [PoseTrackPerson]
    }

    public let frames: [Frame]

    public init(contentsOf url: URL) throws {
        try self.init(json: GroundTruthFile.read(url, what: "PoseTrack file"), place: url.lastPathComponent)
    }

    /// - Parameter place: for messages: the file's name.
    /// - Throws: `Failure` of kind `.data` that says where the text is not as PoseTrack writes it.
    public init(json: Data, place: String) throws {
        let file = try GroundTruthFile.decode(File.self, from: json, place: place, what: "PoseTrack file")
        let order = try Self.order(file, place: place)
        var people: [Int: [PoseTrackPerson]] = [:]
        for (index, annotation) in file.annotations.enumerated() {
            let here = "\(place), annotations.[\(index)]"
            let person = try Self.person(annotation, order: order, place: here)
            let present = people[annotation.image_id, default: []]
            if present.contains(where: { $0.id == person.id }) {
                throw Self.failure(here, "track \(person.id) is in image \(annotation.image_id) twice")
            }
            guard present.count < BoxTracks.mostInFrame else { throw Self.failure(here, "more than \(BoxTracks.mostInFrame) people in a frame") }
            people[annotation.image_id, default: []].append(person)
        }
        let numbers = file.images.map { Self.number(in: $0.file_name) }
        let first = numbers.compactMap { $0 }.min() ?? 0
        var seen: Set<Int> = []
        frames = try file.images.enumerated().map { index, image in
            let here = "\(place), images.[\(index)]"
            guard seen.insert(image.id).inserted else { throw Self.failure(here, "image \(image.id) is listed twice") }
            return Frame(
                imageID: image.id, number: numbers[index].map { $0 - first } ?? index, isLabeled: image.is_labeled ?? true,
                ignoreRegions: try Self.regions(image, place: here), people: people[image.id] ?? [])
        }
        let ids = Set(people.values.flatMap { $0.map(\.id) })
        guard ids.count <= BoxTracks.mostIDs else { throw Self.failure(place, "it holds more than \(BoxTracks.mostIDs) tracks") }
    }

    // MARK: JSON

    // The names are those of the file.
    private struct File: Decodable {
        struct Image: Decodable {
            var id: Int
            var file_name: String?
            var is_labeled: Bool?
            var ignore_regions_x: [[Double]]?
            var ignore_regions_y: [[Double]]?
        }

        struct Annotation: Decodable {
            var image_id: Int
            var track_id: Int
            var keypoints: [Double]
            var scores: [Double]?
            var bbox: [Double]?
            var bbox_head: [Double]?
        }

        struct Category: Decodable { var keypoints: [String]? }

        var images: [Image]
        var annotations: [Annotation]
        var categories: [Category]?
    }

    /// PoseTrack18's own order.
    public static let names = [
        "nose", "head_bottom", "head_top", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
        "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    ]

    private static func failure(_ place: String, _ why: String) -> Failure {
        Failure(.data, "cannot read PoseTrack file", at: place, because: why)
    }

    /// For each joint of the file the one that we ask for.
    private static func order(_ file: File, place: String) throws -> [PoseTrackJoint?] {
        let order = (file.categories?.first?.keypoints ?? names).map(PoseTrackJoint.init(name:))
        if let missing = PoseTrackJoint.allCases.first(where: { !order.contains($0) }) {
            throw failure("\(place), categories.[0].keypoints", "\(missing.name) is not among them")
        }
        return order
    }

    private static func person(_ annotation: File.Annotation, order: [PoseTrackJoint?], place: String) throws -> PoseTrackPerson {
        let values = annotation.keypoints
        guard values.count == 3 * order.count else { throw failure(place, "\(values.count) numbers for \(order.count) keypoints") }
        let scores = annotation.scores ?? []
        guard scores.isEmpty || scores.count == order.count else { throw failure(place, "\(scores.count) scores for \(order.count) keypoints") }
        let boxes = [annotation.bbox, annotation.bbox_head].compactMap { $0 }.flatMap { $0 }
        guard (values + scores + boxes).allSatisfy({ $0.magnitude <= GroundTruthFile.largest }) else { throw failure(place, "a number beyond any picture") }
        var joints = [Keypoint?](repeating: nil, count: PoseTrackJoint.allCases.count)
        for (index, joint) in order.enumerated() {
            let (x, y, visible) = (values[3 * index], values[3 * index + 1], values[3 * index + 2])
            guard let joint, x != 0 || y != 0 || visible != 0 else { continue }
            joints[joint.rawValue] = Keypoint(x: x, y: y, score: scores.isEmpty ? PoseTrackPerson.noScore : scores[index])
        }
        let head = try box(annotation.bbox_head, "bbox_head", place)
        return PoseTrackPerson(
            id: annotation.track_id, joints: joints, headSize: head.map { 0.6 * Point(x: $0.width, y: $0.height).length },
            box: try box(annotation.bbox, "bbox", place))
    }

    private static func box(_ sides: [Double]?, _ name: String, _ place: String) throws -> Box? {
        guard let sides, !sides.isEmpty else { return nil }
        guard sides.count == 4 else { throw failure(place, "\(name) needs 4 numbers") }
        return Box(x: sides[0], y: sides[1], width: sides[2], height: sides[3])
    }

    private static func regions(_ image: File.Image, place: String) throws -> [[Point]] {
        let (xs, ys) = (image.ignore_regions_x ?? [], image.ignore_regions_y ?? [])
        guard xs.count == ys.count, zip(xs, ys).allSatisfy({ $0.count == $1.count }) else {
            throw failure(place, "ignore_regions_x and ignore_regions_y do not go together")
        }
        return zip(xs, ys).map { zip($0, $1).map { Point(x: $0, y: $1) } }
    }

    /// The picture's number from "images/val/000342_mpii_test/000012.jpg".
    private static func number(in fileName: String?) -> Int? {
        guard let last = fileName?.split(separator: "/").last else { return nil }
        let digits = last.prefix { $0.isASCII && $0.isNumber }
        return digits.count <= 9 ? Int(digits) : nil
    }
}
