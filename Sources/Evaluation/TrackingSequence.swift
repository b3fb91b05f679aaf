import Geometry

/// Truth and prediction of a sequence, as the tracking metrics see them: who is there in each frame and how alike.
public struct TrackingSequence: Hashable, Sendable {
    /// One frame.
    public struct Frame: Hashable, Sendable {
        /// Ids of the people who are there.
        public var truth: [Int]
        /// Ids that the tracker gave.
        public var predicted: [Int]
        /// Similarity of each true (row) and predicted (column) person, 0 to 1: IoU or OKS.
        public var similarity: PairMatrix

        public init(truth: [Int], predicted: [Int], similarity: PairMatrix) {
            self.truth = truth
            self.predicted = predicted
            self.similarity = similarity
        }
    }

    public var frames: [Frame]

    public init(frames: [Frame]) {
        self.frames = frames
    }

    /// All ids of the truth and of the prediction, in ascending order.
    var truthIDs: [Int] { Set(frames.flatMap(\.truth)).sorted() }
    var predictedIDs: [Int] { Set(frames.flatMap(\.predicted)).sorted() }
}
