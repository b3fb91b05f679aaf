import CKernels
import Engine
import Geometry
import Pose
import Sampling

/// One thread's share of the work: a network's memory, a crop, and the maps of a flip test.
final class HeatmapWorker: BoxWorker {
    private let executor: Executor
    private let output: Int
    private let maps: InputSize
    private let input: InputSize
    private let sampler: InputSampler
    private let partners: [Int32]
    private let options: HeatmapPoseOptions
    private let decoder: HeatmapDecoder
    /// Maps of the unmirrored crop, while the network runs on the mirrored one.
    private let firstMaps: UnsafeMutableBufferPointer<Float>

    init(_ plan: Plan, output: Int, input: InputSize, keypointSet: KeypointSet, options: HeatmapPoseOptions) {
        executor = Executor(plan)
        self.output = output
        self.input = input
        self.options = options
        let shape = plan.outputs[output].shape
        maps = InputSize(width: shape[3], height: shape[2])
        sampler = InputSampler(width: input.width, height: input.height, normalization: options.normalization)
        partners = keypointSet.mirrored.map(Int32.init)
        decoder = HeatmapDecoder(options.refinement)
        firstMaps = .allocate(capacity: options.flip ? partners.count * maps.width * maps.height : 0)
        firstMaps.initialize(repeating: 0)
    }

    deinit { firstMaps.deallocate() }

    /// The joints of the person in the region; nil when it has no size.
    func joints(_ image: ps_image, in region: CropRegion) throws -> [Keypoint]? {
        guard let forward = region.forward(to: input), let back = decoder.back(from: maps, region) else { return nil }
        var heatmaps = try run(image, forward, mirrored: false)
        if options.flip {
            _ = firstMaps.update(fromContentsOf: heatmaps)
            let mirrored = try run(image, forward, mirrored: true)
            ps_heatmap_merge_mirrored(
                firstMaps.baseAddress, mirrored.baseAddress, partners, Int32(partners.count), Int32(maps.height), Int32(maps.width),
                options.shiftsMirrored ? 1 : 0)
            heatmaps = UnsafeBufferPointer(firstMaps)
        }
        return decoder.joints(heatmaps, count: partners.count, maps, through: back)
    }

    private func run(_ image: ps_image, _ forward: Affine, mirrored: Bool) throws -> UnsafeBufferPointer<Float> {
        executor.withInput(0) { sampler.warp(image, through: forward, mirrored: mirrored, into: $0.floats) }
        try executor.run()
        return UnsafeBufferPointer(executor.output(output).floats)
    }
}
