import CKernels
import Detection
import Diagnostics
import Engine
import Geometry
import Media
import Pose
import Sampling

/// MultiPoseNet (Kocabas et al., ECCV 2018): joints and boxes of all people from the whole picture, and a network that deals
/// the joints out to the boxes.
///
/// Needs no boxes and ignores those that it is given. Coordinates are those of joints that were found; nothing else can
/// enter a result. Belongs to one caller at a time.
public final class MultiPoseNetEstimator: PoseEstimator {
    public struct Options: Sendable, Hashable {
        /// Pixels to which the picture's height is scaled; 480 in the known code.
        public var height: Int
        /// Run on the mirrored picture as well and average the keypoint maps; boxes come from the picture as it is.
        public var flip: Bool
        /// Whether a joint that was not found is given where the residual network sees it most, with score 0.
        public var fillsMissing: Bool
        /// Boxes must be surer.
        public var boxScore: Double
        /// The best boxes of a frame that go on.
        public var maximumPeople: Int
        public var processing: PictureProcessing

        public init(
            height: Int = 480, flip: Bool = false, fillsMissing: Bool = false, boxScore: Double = 0.5, maximumPeople: Int = 100,
            processing: PictureProcessing = .video
        ) {
            self.height = height
            self.flip = flip
            self.fillsMissing = fillsMissing
            self.boxScore = boxScore
            self.maximumPeople = maximumPeople
            self.processing = processing
        }
    }

    public let keypointSet = KeypointSet.coco17
    let network: PictureNetwork
    let options: Options
    private let order: ResidualNetwork.JointOrder
    private let residual: ResidualRunner
    private var run: Run?

    private static let normalization = PixelNormalization.imageNet
    /// With which pictures are filled up, before normalization.
    private static let rest: Float = 128
    static let maps = 18
    /// Input pixels a cell of the keypoint maps.
    static let stride = 4
    private static let largestWidth = 4096.0

    /// - Throws: `Failure` of kind `.data` when a network is none of MultiPoseNet's.
    public init(_ network: PictureNetwork, residual: ResidualNetwork, options: Options = Options()) throws {
        self.network = network
        self.options = options
        order = residual.order
        self.residual = try ResidualRunner(residual)
        if let size = network.fixedSize, options.processing != .video {
            throw Failure(
                .configuration, "cannot evaluate at other sizes", at: network.model, because: "its file fixes the input at \(size)",
                remedy: "take the checkpoint, or pose.processing: video")
        }
        // What does not fit must be found before a source is opened; films are mostly wide.
        run = try Run(network, Placement(picture: InputSize(width: 16, height: 9), height: options.height, fixed: network.fixedSize).input)
    }

    /// How a picture lies in the input: scaled, in the left upper corner.
    struct Placement {
        let scale: Double
        let content: InputSize
        let input: InputSize

        /// - Parameter factor: by how much the picture is larger than `height` says; the evaluation's several scales.
        init(picture: InputSize, height: Int, fixed: InputSize?, factor: Double = 1) {
            let (width, side) = (Double(max(picture.width, 1)), Double(max(picture.height, 1)))
            let scale = fixed.map { min(Double($0.height) / side, Double($0.width) / width) }
                ?? min(factor * Double(height) / side, largestWidth / width)
            func scaled(_ pixels: Double, _ limit: Int?) -> Int {
                min(max(Int((pixels * scale).rounded(.toNearestOrEven)), 1), limit ?? .max)
            }
            func whole(_ value: Int) -> Int { (value + 31) / 32 * 32 }
            let content = InputSize(width: scaled(width, fixed?.width), height: scaled(side, fixed?.height))
            self.scale = scale
            self.content = content
            input = fixed ?? InputSize(width: whole(content.width), height: whole(content.height))
        }

        /// From input pixels, whose middles lie on whole numbers, to those of the picture.
        func back(x: Int, y: Int) -> Point { Point(x: (Double(x) + 0.5) / scale - 0.5, y: (Double(y) + 0.5) / scale - 0.5) }

        func back(_ box: Box) -> Box {
            Box(x: box.x / scale, y: box.y / scale, width: box.width / scale, height: box.height / scale)
        }
    }

    /// The working memory for one input size.
    final class Run {
        let size: InputSize
        let executor: Executor
        let heatmaps, scores, deltas: Int
        let maps: InputSize

        init(_ network: PictureNetwork, _ size: InputSize) throws {
            let plan = try network.plan(for: size)
            let maps = InputSize(width: size.width / stride, height: size.height / stride)
            let anchors = AnchorPyramid(.multiPoseNet, input: size).count
            func output(_ shape: [Int]) -> Int? { plan.outputs.lastIndex { $0.shape == shape && $0.elementType == .float32 } }
            guard let heatmaps = output([1, MultiPoseNetEstimator.maps, maps.height, maps.width]), let scores = output([1, anchors, 1]),
                let deltas = output([1, anchors, 4])
            else {
                let list = plan.outputs.map { "\"\($0.name)\" \($0.isDataDependent ? "?" : Shape.text($0.shape))" }
                throw Failure(
                    .data, "cannot use model as MultiPoseNet", at: network.model,
                    because: "it has no 18 heatmaps and \(anchors) anchors: \(list.joined(separator: ", "))")
            }
            self.size = size
            self.maps = maps
            (self.heatmaps, self.scores, self.deltas) = (heatmaps, scores, deltas)
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
        let placement = Placement(picture: picture, height: options.height, fixed: network.fixedSize)
        let run = try look(at: image, placement)
        let boxes = self.boxes(run, placement)
        guard !boxes.isEmpty else { return [] }
        let peaks = try self.peaks(run)
        return try people(boxes, peaks) { placement.back(x: $0.x, y: $0.y) }
    }

    /// Runs the network on the picture.
    func look(at image: ps_image, _ placement: Placement) throws -> Run {
        let run = try self.run(for: placement.input)
        run.executor.withInput(0) { input in
            Self.normalization.resize(
                image, scale: (placement.scale, placement.scale), content: placement.content, rest: Self.normalization(Self.rest),
                size: placement.input, into: input.floats)
        }
        try run.executor.run()
        return run
    }

    private func run(for size: InputSize) throws -> Run {
        if let run, run.size == size { return run }
        let new = try Run(network, size)
        run = new
        return new
    }

    /// The people's boxes, in picture pixels, best first.
    func boxes(_ run: Run, _ placement: Placement) -> [ScoredBox] {
        var decoder = RetinaNetDecoder(.multiPoseNet, input: placement.input, content: placement.input)
        // Weaker boxes remove nothing, so they need not take part.
        decoder.scoreThreshold = max(decoder.scoreThreshold, Float(options.boxScore))
        decoder.limit = max(options.maximumPeople, 0)
        let found = decoder.decode(
            scores: UnsafeBufferPointer(run.executor.output(run.scores).floats), areLogits: false, classes: 1,
            deltas: UnsafeBufferPointer(run.executor.output(run.deltas).floats))
        return found.compactMap { found in
            guard found.box.width > 0, found.box.height > 0 else { return nil }
            return ScoredBox(box: placement.back(found.box), score: Double(found.score))
        }
    }

    /// The joints' places in input pixels, by the maps' order; with the flip test after a second run.
    private func peaks(_ run: Run) throws -> [[JointPeaks.Peak]] {
        var heatmaps = UnsafeBufferPointer(run.executor.output(run.heatmaps).floats)
        var first: [Float] = []
        if options.flip {
            first = Array(heatmaps)
            run.executor.withInput(0) { mirrorRows($0.floats, width: run.size.width) }
            try run.executor.run()
            heatmaps = UnsafeBufferPointer(run.executor.output(run.heatmaps).floats)
            let partners = KeypointSet.openPose18.mirrored.map(Int32.init)
            ps_heatmap_merge_mirrored(
                &first, heatmaps.baseAddress, partners, Int32(partners.count), Int32(run.maps.height), Int32(run.maps.width), 0)
        }
        let reader = JointPeaks(size: run.maps, factor: Self.stride)
        let cells = run.maps.width * run.maps.height
        func read(_ maps: UnsafeBufferPointer<Float>) -> [[JointPeaks.Peak]] {
            (0..<Self.maps).map { reader.peaks(UnsafeBufferPointer(rebasing: maps[$0 * cells..<($0 + 1) * cells])) }
        }
        return options.flip ? first.withUnsafeBufferPointer(read) : read(heatmaps)
    }

    /// Deals the joints out to the boxes.
    ///
    /// - Parameters:
    ///   - peaks: by the maps' order.
    ///   - position: where in the picture a peak is.
    func people(_ boxes: [ScoredBox], _ peaks: [[JointPeaks.Peak]], at position: (JointPeaks.Peak) -> Point) throws -> [Person] {
        // From here on joints stand in the order that the residual network was trained in; the neck is none of them.
        let mapOfJoint = order == .coco ? KeypointSet.openPoseOfCOCO : (0..<Self.maps).filter { $0 != 1 }
        let found = mapOfJoint.map { map in
            peaks[map].map { Keypoint(position: position($0), score: min(max(Double($0.score), 0), 1)) }
        }
        let grid = ResidualGrid(found.map { $0.map(\.position) }, boxes: boxes.map(\.box))
        let output = try residual.run(grid)
        let owners = grid.scores(output).map { ResidualAssignment.owners($0, boxes: boxes.count) }

        return boxes.indices.compactMap { index in
            var own = [Keypoint](repeating: .missing, count: ResidualGrid.joints)
            for joint in own.indices {
                if let peak = owners[joint][index] {
                    own[joint] = found[joint][peak]
                } else if options.fillsMissing {
                    let cell = ResidualGrid.largest(output, box: index, joint: joint)
                    own[joint] = Keypoint(position: ResidualGrid.point(row: cell.row, column: cell.column, in: boxes[index].box), score: 0)
                }
            }
            let scores = own.filter { $0.score > 0 }.map(\.score)
            guard !scores.isEmpty else { return nil }
            let mean = scores.reduce(0, +) / Double(scores.count)
            let joints = KeypointSet.openPoseOfCOCO.map { map in
                mapOfJoint.firstIndex(of: map).map { own[$0] } ?? .missing
            }
            return Person(score: boxes[index].score * mean, box: boxes[index].box, keypoints: joints)
        }
    }
}
