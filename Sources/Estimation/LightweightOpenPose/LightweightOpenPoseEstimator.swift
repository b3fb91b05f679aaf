import CKernels
import Diagnostics
import Engine
import Geometry
import Media
import Pose
import Sampling

/// Lightweight OpenPose (Osokin 2018): joints of all people from the whole picture, put together along part affinity fields.
///
/// Needs no boxes and ignores those that it is given. Belongs to one caller at a time.
public final class LightweightOpenPoseEstimator: PoseEstimator {
    public struct Options: Sendable, Hashable {
        /// Pixels to which the picture's height is scaled; nil: 256 for films, as in the authors' demo, 368 as they evaluated.
        public var height: Int?
        /// Whether people come with the network's own 18 joints instead of COCO's 17.
        public var isNative: Bool
        public var processing: PictureProcessing

        public init(height: Int? = nil, isNative: Bool = false, processing: PictureProcessing = .video) {
            self.height = height
            self.isNative = isNative
            self.processing = processing
        }
    }

    public let keypointSet: KeypointSet
    let options: Options
    let grouping = LimbGrouping()
    private let network: PictureNetwork
    private var run: Run?

    static let normalization = PixelNormalization.lightweightOpenPose
    static let heatmapChannels = 19
    /// By how much maps are enlarged (the authors' demo).
    private static let factor = 4

    /// - Throws: `Failure` of kind `.data` when the network has no such maps.
    public init(_ network: PictureNetwork, options: Options = Options()) throws {
        self.network = network
        self.options = options
        keypointSet = options.isNative ? .openPose18 : .coco17
        if let size = network.fixedSize, options.processing != .video {
            throw Failure(
                .configuration, "cannot evaluate at other sizes", at: network.model, because: "its file fixes the input at \(size)",
                remedy: "take the checkpoint, or pose.processing: video")
        }
        // What does not fit must be found before a source is opened; films are mostly wide.
        let probe = network.fixedSize ?? OpenPosePlacement(picture: InputSize(width: 16, height: 9), height: height).input
        run = try Run(network, probe)
    }

    /// Pixels to which the picture's height is scaled.
    var height: Int { options.height ?? (options.processing == .video ? 256 : 368) }

    /// The working memory for one input size.
    final class Run {
        let size: InputSize
        let executor: Executor
        let maps: InputSize
        /// For films.
        private(set) lazy var sampler = InputSampler(width: size.width, height: size.height, normalization: normalization)
        private(set) lazy var finder = PartPeakFinder(size: maps, factor: factor)
        let heatmaps, fields: Int
        /// Input pixels for each pixel of the enlarged maps.
        let pixel: Double

        init(_ network: PictureNetwork, _ size: InputSize) throws {
            let plan = try network.plan(for: size)
            // Exports have the maps of every stage; the last are the best.
            func last(_ channels: Int) -> Int? {
                plan.outputs.lastIndex {
                    $0.elementType == .float32 && $0.shape.count == 4 && $0.shape[0] == 1 && $0.shape[1] == channels && $0.shape[2] > 0
                        && $0.shape[3] > 0
                }
            }
            guard let heatmaps = last(heatmapChannels), let fields = last(LimbGrouping.channels),
                plan.outputs[heatmaps].shape[2...] == plan.outputs[fields].shape[2...]
            else {
                let list = plan.outputs.map { "\"\($0.name)\" \($0.isDataDependent ? "?" : Shape.text($0.shape))" }
                throw Failure(
                    .data, "cannot use model as Lightweight OpenPose", at: network.model,
                    because: "it has no 19 heatmaps and 38 fields of one size: \(list.joined(separator: ", "))")
            }
            self.size = size
            (self.heatmaps, self.fields) = (heatmaps, fields)
            maps = InputSize(width: plan.outputs[heatmaps].shape[3], height: plan.outputs[heatmaps].shape[2])
            pixel = Double(size.height) / Double(maps.height * factor)
            executor = Executor(plan)
        }
    }

    public func estimate(_ frame: VideoFrame, boxes: [ScoredBox]) throws -> [Person] {
        try frame.withImage { image throws in try estimate(copy image) }
    }

    /// The people in a picture.
    package func estimate(_ image: ps_image) throws -> [Person] {
        guard options.processing == .video else { return try evaluate(image) }
        let picture = InputSize(width: Int(image.width), height: Int(image.height))
        let placement = network.fixedSize.map { OpenPosePlacement(picture: picture, input: $0) }
            ?? OpenPosePlacement(picture: picture, height: height)
        let run = try self.run(for: placement.input)
        run.executor.withInput(0) { input in
            run.sampler.place(
                image, scale: placement.scale, contentWidth: placement.content.width, contentHeight: placement.content.height,
                left: placement.left, top: placement.top, fill: 128, into: input.floats)
        }
        try run.executor.run()
        return people(run, placement)
    }

    func run(for size: InputSize) throws -> Run {
        if let run, run.size == size { return run }
        let new = try Run(network, size)
        run = new
        return new
    }

    private func people(_ run: Run, _ placement: OpenPosePlacement) -> [Person] {
        let heatmaps = UnsafeBufferPointer(run.executor.output(run.heatmaps).floats)
        let fields = UnsafeBufferPointer(run.executor.output(run.fields).floats)
        let pixels = run.maps.width * run.maps.height
        let peaks = (0..<Self.heatmapChannels - 1).map { joint in
            run.finder.peaks(UnsafeBufferPointer(rebasing: heatmaps[joint * pixels..<(joint + 1) * pixels]))
        }
        let found = grouping.people(peaks, fields: fields, size: run.maps, factor: Self.factor)
        return Self.people(found, peaks, isNative: options.isNative) { placement.back(x: $0.x, y: $0.y, pixel: run.pixel) }
    }

    /// People from what was put together.
    ///
    /// - Parameters:
    ///   - isNative: with the network's own joints instead of COCO's.
    ///   - position: where in the picture a peak is.
    package static func people(
        _ found: [PeakAssembly], _ peaks: [[PartPeak]], isNative: Bool, at position: (PartPeak) -> Point
    ) -> [Person] {
        let all = peaks.flatMap { $0 }
        return found.compactMap { assembly in
            let own = assembly.peaks.map { index in
                index.map { Keypoint(position: position(all[$0]), score: min(Double(all[$0].score), 1)) } ?? .missing
            }
            guard let box = Box(bounding: own.filter { !$0.isMissing }.map(\.position)) else { return nil }
            let joints = isNative ? own : KeypointSet.openPoseOfCOCO.map { own[$0] }
            return Person(score: score(assembly), box: box, keypoints: joints)
        }
    }

    /// From 0 to 1, in the order of the official evaluation's score * (count - 1): the geometric mean of the share of the
    /// joints (without the neck) and the share of what joints and limbs can score at most.
    package static func score(_ assembly: PeakAssembly) -> Double {
        let joints = Double(max(assembly.count - 1, 0)) / 17, sum = assembly.score / 35
        return min(max(joints * sum, 0).squareRoot(), 1)
    }
}
