import Diagnostics
import Foundation
import Geometry
import Pose

/// A pose in COCO's results format: what `COCO.loadRes` reads.
public struct COCOKeypointResult: Sendable, Codable {
    public var picture: Int
    public var category: Int
    /// Flat triples x, y, score.
    public var keypoints: [Double]
    public var score: Double

    enum CodingKeys: String, CodingKey {
        case keypoints, score
        case picture = "image_id"
        case category = "category_id"
    }

    public init(picture: Int, category: Int = 1, keypoints: [Double], score: Double) {
        self.picture = picture
        self.category = category
        self.keypoints = keypoints
        self.score = score
    }

    public init(_ person: Person, in picture: Int) {
        self.init(
            picture: picture, keypoints: person.keypoints.flatMap { [$0.position.x, $0.position.y, $0.score] }, score: person.score)
    }

    var joints: [Keypoint] {
        stride(from: 0, to: keypoints.count - keypoints.count % 3, by: 3).map {
            Keypoint(x: keypoints[$0], y: keypoints[$0 + 1], score: keypoints[$0 + 2])
        }
    }

    /// The rectangle of all joints, which `loadRes` takes for a detection's area.
    var area: Double { Box(bounding: joints.map(\.position))?.area ?? 0 }
}

/// A box in COCO's results format.
public struct COCOBoxResult: Sendable, Codable {
    public var picture: Int
    public var category: Int
    /// x, y, width, height.
    public var bbox: [Double]
    public var score: Double

    enum CodingKeys: String, CodingKey {
        case bbox, score
        case picture = "image_id"
        case category = "category_id"
    }

    public init(picture: Int, category: Int = 1, bbox: [Double], score: Double) {
        self.picture = picture
        self.category = category
        self.bbox = bbox
        self.score = score
    }

    public init(_ found: ScoredBox, in picture: Int) {
        self.init(picture: picture, bbox: [found.box.x, found.box.y, found.box.width, found.box.height], score: found.score)
    }

    /// Empty when the file gave too few numbers.
    public var box: Box { bbox.count == 4 ? Box(x: bbox[0], y: bbox[1], width: bbox[2], height: bbox[3]) : Box(x: 0, y: 0, width: 0, height: 0) }
}

/// Results as a file.
public enum COCOResults {
    /// JSON text of results; equal results are equal bytes.
    public static func json(_ results: [some Encodable]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(results)
    }

    /// - Parameter place: for messages: the file's name.
    /// - Throws: `Failure` of kind `.data` that says where the text is not as COCO writes it.
    public static func keypoints(json: Data, place: String) throws -> [COCOKeypointResult] {
        let results = try GroundTruthFile.decode([COCOKeypointResult].self, from: json, place: place, what: "results")
        try check(results, place: place) { $0.keypoints + [$0.score] }
        return results
    }

    public static func boxes(json: Data, place: String) throws -> [COCOBoxResult] {
        let results = try GroundTruthFile.decode([COCOBoxResult].self, from: json, place: place, what: "results")
        try check(results, place: place) { $0.bbox + [$0.score] }
        return results
    }

    private static func check<Result>(_ results: [Result], place: String, _ numbers: (Result) -> [Double]) throws {
        for (index, result) in results.enumerated() {
            guard numbers(result).allSatisfy({ $0.magnitude <= GroundTruthFile.largest }) else {
                throw Failure(.data, "cannot read results", at: "\(place), [\(index)]", because: "it holds a number beyond any picture")
            }
        }
    }
}
