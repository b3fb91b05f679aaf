import Diagnostics
import Evaluation
import Media
import Pose

/// Stored records of a folder of pictures as COCO results.
///
/// Records number the pictures of a folder in natural order (1, 2, 10), so they name them when the folder holds the pictures of
/// the ground truth and no others.
public enum StoredPictures {
    /// The people of each picture, tentative ones included: pictures of a data set have no past.
    ///
    /// - Throws: `Failure` of kind `.data` when the records are of another number of pictures than the ground truth names, or a
    ///   picture could not be read.
    public static func poses(_ people: StoredPeople, truth: COCODataset) throws -> [COCOKeypointResult] {
        try pictures(people, truth: truth).flatMap { id, people in people.map { COCOKeypointResult($0, in: id) } }
    }

    /// The boxes of the same people.
    public static func boxes(_ people: StoredPeople, truth: COCODataset) throws -> [COCOBoxResult] {
        try pictures(people, truth: truth).flatMap { id, people in
            people.map { COCOBoxResult(ScoredBox(box: $0.box, score: $0.score), in: id) }
        }
    }

    private static func pictures(_ people: StoredPeople, truth: COCODataset) throws -> [(id: Int, people: [Person])] {
        let named = truth.pictures.compactMap { picture in picture.fileName.map { (id: picture.id, name: $0) } }
            .sorted { NaturalOrder.isBefore($0.name, $1.name) }
        guard named.count == truth.pictures.count, people.header.source.frames == named.count, people.frames.count == named.count else {
            throw Failure(
                .data, "cannot score records", at: people.header.source.name,
                because: "they are of \(people.frames.count) of \(people.header.source.frames.map { "\($0)" } ?? "?") pictures, "
                    + "the ground truth names \(named.count)",
                remedy: "run posestream on a folder that holds the pictures of the ground truth and no others, or use --pictures")
        }
        return try people.frames.map { frame in
            guard named.indices.contains(frame.frame) else {
                throw Failure(.data, "cannot score records", at: people.header.source.name, because: "there is no picture \(frame.frame)")
            }
            return (named[frame.frame].id, frame.people)
        }
    }
}
