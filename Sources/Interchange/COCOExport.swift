import Foundation
import Pose
import Records

/// A whole COCO keypoints file: images (id = frame number + 1), annotations with score and track id, categories.
struct COCOExport: FrameExport {
    private let source: ExportSource
    private let options: ExportOptions
    private let output: OutputText
    private var images: [JSONValue] = []
    private var annotations: [String] = []

    init(_ source: ExportSource, _ options: ExportOptions, _ output: OutputText) {
        (self.source, self.options, self.output) = (source, options, output)
    }

    mutating func add(_ frame: FrameResult) {
        images.append([
            "id": .integer(frame.frame + 1), "width": .integer(source.width), "height": .integer(source.height),
            "file_name": .string("\(source.name)/\(String(format: "%06d", frame.frame)).jpg"), "frame": .integer(frame.frame),
            "time": .number(frame.time),
        ])
        for person in frame.people(options) {
            let found = person.keypoints.filter { !$0.isMissing }
            let keypoints = person.keypoints.flatMap { joint -> [JSONValue] in
                [.number(joint.position.x), .number(joint.position.y), .integer(joint.isMissing ? 0 : 2)]
            }
            let box = person.box
            let annotation: JSONValue = [
                "id": .integer(annotations.count + 1), "image_id": .integer(frame.frame + 1), "category_id": 1,
                "track_id": person.id.map(JSONValue.integer) ?? .null, "iscrowd": 0, "area": .number(box.area),
                "bbox": .array([box.x, box.y, box.width, box.height].map(JSONValue.number)),
                "num_keypoints": .integer(found.count), "keypoints": .array(keypoints),
                "keypoint_scores": .array(person.keypoints.map { .number($0.score) }), "score": .number(person.score),
            ]
            annotations.append(annotation.text)
        }
    }

    func finish() throws {
        let category: JSONValue = [
            "id": 1, "name": "person", "supercategory": "person", "keypoints": .array(source.set.names.map(JSONValue.string)),
            // COCO counts joints from 1.
            "skeleton": .array(source.set.skeleton.map { .array([.integer($0.from + 1), .integer($0.to + 1)]) }),
        ]
        let info: JSONValue = ["description": .string("people in \(source.name), found by posestream"), "version": "1.0"]
        try output.write("{\"info\":\(info.text),\"licenses\":[],\"categories\":[\(category.text)],\"images\":\(JSONValue.array(images).text),\"annotations\":[")
        for (index, annotation) in annotations.enumerated() { try output.write((index > 0 ? ",\n" : "\n") + annotation) }
        try output.write("]}\n")
        try output.finish()
    }
}
