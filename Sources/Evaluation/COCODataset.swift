import Diagnostics
import Foundation
import Geometry
import Pose

/// COCO ground truth for people: pictures and their annotations, as `person_keypoints_val2017.json` holds them.
public struct COCODataset: Sendable {
    public struct Picture: Sendable, Decodable {
        public var id: Int
        public var width: Int
        public var height: Int
        /// Name of the picture's file; absent in some derived files.
        public var fileName: String?

        enum CodingKeys: String, CodingKey {
            case id, width, height
            case fileName = "file_name"
        }
    }

    public struct Annotation: Sendable, Decodable {
        public var id: Int
        public var picture: Int
        public var category: Int
        public var isCrowd: Bool
        /// Pixels^2 of the segment.
        public var area: Double
        public var box: Box
        /// As stated in the file, which COCOeval believes without counting.
        public var numberOfKeypoints: Int
        public var joints: [AnnotatedPose.Joint]

        enum CodingKeys: String, CodingKey {
            case id, area, bbox, keypoints
            case picture = "image_id"
            case category = "category_id"
            case isCrowd = "iscrowd"
            case numberOfKeypoints = "num_keypoints"
        }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            id = try values.decode(Int.self, forKey: .id)
            picture = try values.decode(Int.self, forKey: .picture)
            category = try values.decode(Int.self, forKey: .category)
            isCrowd = try values.decodeIfPresent(Int.self, forKey: .isCrowd) ?? 0 != 0
            area = try values.decode(Double.self, forKey: .area)
            let sides = try values.decode([Double].self, forKey: .bbox)
            guard sides.count == 4 else {
                throw DecodingError.dataCorruptedError(forKey: .bbox, in: values, debugDescription: "bbox needs 4 numbers")
            }
            box = Box(x: sides[0], y: sides[1], width: sides[2], height: sides[3])
            let triples = try values.decodeIfPresent([Double].self, forKey: .keypoints) ?? []
            guard triples.count.isMultiple(of: 3) else {
                throw DecodingError.dataCorruptedError(forKey: .keypoints, in: values, debugDescription: "keypoints need triples")
            }
            joints = stride(from: 0, to: triples.count, by: 3).map {
                .init(position: Point(x: triples[$0], y: triples[$0 + 1]), isAnnotated: triples[$0 + 2] > 0)
            }
            numberOfKeypoints = try values.decodeIfPresent(Int.self, forKey: .numberOfKeypoints) ?? 0
        }

        fileprivate var isSensible: Bool {
            let numbers = [box.x, box.y, box.width, box.height] + joints.flatMap { [$0.position.x, $0.position.y] }
            return numbers.allSatisfy { $0.magnitude <= GroundTruthFile.largest } && area.magnitude <= GroundTruthFile.largest * GroundTruthFile.largest
        }

        /// What OKS measures against.
        public var pose: AnnotatedPose { AnnotatedPose(joints: joints, area: area, box: box) }
    }

    private struct File: Decodable {
        var images: [Picture]
        var annotations: [Annotation]
    }

    public let pictures: [Picture]
    /// In file order.
    public let annotations: [Annotation]

    /// - Parameter place: for messages: the file's name.
    /// - Throws: `Failure` of kind `.data` that says where the text is not as COCO writes it.
    public init(json: Data, place: String) throws {
        let file = try GroundTruthFile.decode(File.self, from: json, place: place, what: "ground truth")
        for (index, annotation) in file.annotations.enumerated() where !annotation.isSensible {
            throw Failure(
                .data, "cannot read ground truth", at: "\(place), annotations.[\(index)]", because: "it holds a number beyond any picture")
        }
        pictures = file.images
        annotations = file.annotations
    }

    public init(contentsOf url: URL) throws {
        try self.init(json: GroundTruthFile.read(url, what: "ground truth"), place: url.lastPathComponent)
    }

    /// The annotations of a category by picture, in file order.
    public func annotations(ofCategory category: Int) -> [Int: [Annotation]] {
        Dictionary(grouping: annotations.filter { $0.category == category }, by: \.picture)
    }
}
