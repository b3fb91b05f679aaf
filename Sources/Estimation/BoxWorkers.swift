import CKernels
import Dispatch
import Pose
import Sampling
import Synchronization

/// One thread's share of a top-down network's work: the network's memory and what reads its outputs.
protocol BoxWorker: AnyObject, SendableMetatype {
    /// The part of the picture that the network is shown for a box.
    associatedtype Region: Sendable

    /// The joints of the person in the region, pixels of the picture; nil when there is nothing to look at.
    func joints(_ image: ps_image, in region: Region) throws -> [Keypoint]?
}

/// Spreads the boxes of a picture over workers and makes a person of each: what all top-down networks have in common.
///
/// Results come in the boxes' order and do not depend on the number of workers. Belongs to one caller at a time.
struct BoxWorkers<Worker: BoxWorker> {
    private let workers: [Worker]
    /// Tells which of two poses is the same person; nil where none is dropped.
    private let suppression: PoseSuppression?

    /// - Parameters:
    ///   - count: how many work side by side; at least one does.
    ///   - similarityThreshold: similarity (OKS) beyond which the weaker of two poses goes; nil keeps all.
    init(count: Int, keypointSet: KeypointSet, similarityThreshold: Double?, making makeWorker: () -> Worker) {
        workers = (0..<max(count, 1)).map { _ in makeWorker() }
        suppression = similarityThreshold.map { PoseSuppression(similarity: .init(keypointSet), threshold: $0) }
    }

    /// A person, and what it is compared with others by.
    typealias Found = (person: Person, candidate: PoseSuppression.Candidate)

    /// The people in a picture.
    ///
    /// - Parameters:
    ///   - regions: one for each box; nil where there is nothing to look at.
    ///   - person: the box's person with these joints.
    func people(
        _ image: ps_image, boxes: [ScoredBox], regions: [Worker.Region?],
        person: (ScoredBox, Worker.Region, [Keypoint]) -> Found
    ) throws -> [Person] {
        // The picture is only read.
        nonisolated(unsafe) let image = image
        let found = try spread(regions) { worker, region in try region.flatMap { try worker.joints(image, in: $0) } }
        let people = found.indices.compactMap { index -> Found? in
            guard let region = regions[index], let joints = found[index] else { return nil }
            return person(boxes[index], region, joints)
        }
        guard let suppression else { return people.map(\.person) }
        return suppression.indices(people.map(\.candidate)).sorted().map { people[$0].person }
    }

    /// - Parameter work: must touch nothing but its worker, its item, and what nobody changes meanwhile.
    private func spread<Item: Sendable, Value: Sendable>(
        _ items: [Item], _ work: @Sendable (Worker, Item) throws -> Value
    ) throws -> [Value] {
        let hands = min(workers.count, items.count)
        guard hands > 1 else { return try items.map { try work(workers[0], $0) } }
        var results = [Result<Value, any Error>?](repeating: nil, count: items.count)
        results.withUnsafeMutableBufferPointer { results in
            // Safe although not Sendable: each worker is used by one iteration, each place of `results` is written by the
            // iteration that drew its number, and all end before concurrentPerform returns.
            nonisolated(unsafe) let workers = workers
            nonisolated(unsafe) let slots = UnsafeMutableBufferPointer(rebasing: results[...])
            let next = Atomic<Int>(0)
            DispatchQueue.concurrentPerform(iterations: hands) { hand in
                while true {
                    let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard place < slots.count else { return }
                    slots[place] = Result { try work(workers[hand], items[place]) }
                }
            }
        }
        return try results.compactMap { try $0?.get() }
    }
}

extension BoxWorkers where Worker.Region == CropRegion {
    /// The people in a picture as SimpleBaseline and HRNet count them: crops with the input's aspect, instance scores.
    func people(_ image: ps_image, boxes: [ScoredBox], input: InputSize, options: HeatmapPoseOptions) throws -> [Person] {
        let regions = boxes.map { CropRegion(box: $0.box, input: input, padding: options.padding) }
        return try people(image, boxes: boxes, regions: regions) { box, region, joints in
            let score = instanceScore(box: box.score, joints: joints, above: options.visibleAbove)
            return (
                Person(score: score, box: box.box, keypoints: joints), .init(keypoints: joints, area: region.area, score: score)
            )
        }
    }
}
