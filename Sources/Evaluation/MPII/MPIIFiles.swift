import Diagnostics
import Foundation
import Geometry

extension MPIITruth {
    /// The official `gt_valid.mat`, whose pixels count from 1, or JSON: an array of people with `joints` (16 pairs), `joints_vis`
    /// (16 numbers, 0: not annotated) and `head` (x1, y1, x2, y2), MPII's own annotations with the head added.
    ///
    /// - Throws: `Failure`: `.noInput` when it cannot be read, `.data` when it is no such file.
    public init(contentsOf url: URL) throws {
        let data = try GroundTruthFile.read(url, what: "ground truth")
        try self.init(data, isMatlab: url.pathExtension.lowercased() == "mat", place: url.lastPathComponent)
    }

    public init(_ data: Data, isMatlab: Bool, place: String) throws {
        if isMatlab {
            try self.init(MatlabFile([UInt8](data), place: place), place: place)
            return
        }
        let entries = try GroundTruthFile.decode([Entry].self, from: data, place: place, what: "ground truth")
        self.init(
            people: try entries.enumerated().map { index, entry in
                let numbers = entry.joints.flatMap { $0 } + entry.head
                guard entry.joints.count == Self.jointCount, entry.joints.allSatisfy({ $0.count == 2 }), entry.joints_vis.count == Self.jointCount,
                    entry.head.count == 4, numbers.allSatisfy({ $0.magnitude <= GroundTruthFile.largest })
                else {
                    throw Failure(
                        .data, "cannot read ground truth", at: "\(place), [\(index)]",
                        because: "it needs 16 pairs in joints, 16 numbers in joints_vis, 4 in head")
                }
                return try Self.person(
                    zip(entry.joints, entry.joints_vis).map { $1 != 0 ? Point(x: $0[0], y: $0[1]) : nil },
                    head: Point(x: entry.head[2] - entry.head[0], y: entry.head[3] - entry.head[1]), place: "\(place), [\(index)]")
            })
    }

    // The names are those of the file.
    private struct Entry: Decodable {
        var joints: [[Double]]
        var joints_vis: [Double]
        var head: [Double]
    }

    private static func person(_ joints: [Point?], head: Point, place: String) throws -> Person {
        guard head.length > 0, head.length <= GroundTruthFile.largest else {
            throw Failure(.data, "cannot read ground truth", at: place, because: "the head has no size")
        }
        return Person(joints: joints, headDiagonal: head.length)
    }

    private init(_ file: MatlabFile, place: String) throws {
        func array(_ name: String, _ shape: [Int]) throws -> MatlabFile.Array {
            guard let array = file.arrays[name], array.shape.count == shape.count + 1, Array(array.shape.dropLast()) == shape else {
                throw Failure(
                    .data, "cannot read ground truth", at: place,
                    because: "it holds no \(name) of \(shape.map { "\($0)" }.joined(separator: "x"))xN", remedy: "give the official gt_valid.mat")
            }
            return array
        }
        let count = Self.jointCount
        let positions = try array("pos_gt_src", [count, 2])
        let missing = try array("jnt_missing", [count])
        let heads = try array("headboxes_src", [2, 2])
        guard let people = positions.shape.last, missing.shape.last == people, heads.shape.last == people else {
            throw Failure(.data, "cannot read ground truth", at: place, because: "its arrays hold different numbers of people")
        }
        self.init(
            people: try (0..<people).map { person in
                let joints = (0..<count).map { joint -> Point? in
                    guard missing.values[person * count + joint] == 0 else { return nil }
                    let start = person * 2 * count + joint
                    return Point(x: positions.values[start], y: positions.values[start + count])
                }
                // [2 corners, x and y, people]
                let corner = person * 4
                return try Self.person(
                    joints,
                    head: Point(x: heads.values[corner + 1] - heads.values[corner], y: heads.values[corner + 3] - heads.values[corner + 2]),
                    place: "\(place), person \(person)")
            })
    }
}

/// Results for MPII: for each person of the truth 16 joints.
public enum MPIIResults {
    /// `pred.mat` of the official codes (`preds`, people x 16 x 2, pixels from 1) or JSON: `[[[x, y, …], … 16], … people]`, also as
    /// the member `preds` of an object.
    public static func read(contentsOf url: URL) throws -> [[Point]] {
        let data = try GroundTruthFile.read(url, what: "results")
        return try read(data, isMatlab: url.pathExtension.lowercased() == "mat", place: url.lastPathComponent)
    }

    public static func read(_ data: Data, isMatlab: Bool, place: String) throws -> [[Point]] {
        if isMatlab {
            let file = try MatlabFile([UInt8](data), place: place)
            guard let array = file.arrays["preds"], array.shape.count == 3, array.shape[1] == MPIITruth.jointCount, array.shape[2] >= 2 else {
                throw Failure(.data, "cannot read results", at: place, because: "it holds no preds of Nx16x2")
            }
            let people = array.shape[0]
            return (0..<people).map { person in
                (0..<MPIITruth.jointCount).map { joint in
                    let start = person + people * joint
                    return Point(x: array.values[start], y: array.values[start + people * MPIITruth.jointCount])
                }
            }
        }
        let isObject = data.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
        let people = try isObject
            ? GroundTruthFile.decode([String: [[[Double]]]].self, from: data, place: place, what: "results")["preds"] ?? []
            : GroundTruthFile.decode([[[Double]]].self, from: data, place: place, what: "results")
        return try people.enumerated().map { index, joints in
            guard joints.count == MPIITruth.jointCount, joints.allSatisfy({ $0.count >= 2 && $0.allSatisfy { $0.magnitude <= GroundTruthFile.largest } }) else {
                throw Failure(.data, "cannot read results", at: "\(place), [\(index)]", because: "it needs 16 joints of x and y")
            }
            return joints.map { Point(x: $0[0], y: $0[1]) }
        }
    }
}
