import CKernels
import Diagnostics
import Geometry
import Pose
import Sampling

/// The official evaluation (`val.py`; spec: networks-bottomup 1.2): the picture is normalized first and then resized cubically,
/// maps are brought to the picture's own size and averaged over scales, joints come half a pixel on, as COCO counts.
extension LightweightOpenPoseEstimator {
    private static let stride = 8

    private var scales: [Double] { options.processing == .multiscale ? [0.5, 1, 1.5, 2] : [1] }

    func evaluate(_ image: ps_image) throws -> [Person] {
        let picture = InputSize(width: Int(image.width), height: Int(image.height))
        guard picture.isSensible else {
            throw Failure(.data, "cannot evaluate picture", at: "\(picture) pixels", because: "its maps would be of that size")
        }
        let heatmaps = PictureMaps(picture: picture, stride: Self.stride), fields = PictureMaps(picture: picture, stride: Self.stride)
        let planes = Self.normalized(image, picture)
        for scale in scales {
            let placement = OpenPosePlacement(picture: picture, height: height, factor: scale)
            let run = try run(for: placement.input)
            run.executor.withInput(0) { Self.place(planes, picture, placement, into: $0.floats) }
            try run.executor.run()
            func part(_ output: Int) -> PictureMaps.Part {
                .init(
                    Array(run.executor.output(output).floats), size: run.maps, left: placement.left, top: placement.top,
                    right: placement.right, bottom: placement.bottom)
            }
            heatmaps.add(part(run.heatmaps))
            fields.add(part(run.fields))
        }
        return people(heatmaps, fields, picture)
    }

    private func people(_ heatmaps: PictureMaps, _ fields: PictureMaps, _ picture: InputSize) -> [Person] {
        let pixels = picture.width * picture.height
        let finder = PartPeakFinder(size: picture, factor: 1)
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * pixels) { memory in
            let first = UnsafeMutableBufferPointer(rebasing: memory[..<pixels]), second = UnsafeMutableBufferPointer(rebasing: memory[pixels...])
            let peaks = (0..<Self.heatmapChannels - 1).map { joint in
                heatmaps.read(joint, into: first)
                return finder.peaks(UnsafeBufferPointer(first))
            }
            guard let start = UnsafePointer(memory.baseAddress) else { return [] }
            let found = grouping.people(peaks, size: picture, factor: 1) { channel in
                fields.read(channel, into: first)
                fields.read(channel + 1, into: second)
                return start
            }
            return Self.people(found, peaks, isNative: options.isNative) { Point(x: Double($0.x) + 0.5, y: Double($0.y) + 0.5) }
        }
    }

    /// The picture as the network's numbers, [3, height, width].
    package static func normalized(_ image: ps_image, _ picture: InputSize) -> [Float] {
        [Float](unsafeUninitializedCapacity: 3 * picture.width * picture.height) { planes, count in
            normalization.resize(image, scale: (1, 1), content: picture, rest: .zero, size: picture, into: planes)
            count = 3 * picture.width * picture.height
        }
    }

    /// The normalized picture scaled into the input, [3, height, width], with zeros around.
    package static func place(
        _ planes: [Float], _ picture: InputSize, _ placement: OpenPosePlacement, into input: UnsafeMutableBufferPointer<Float>
    ) {
        input.update(repeating: 0)
        var resize = CubicResize()
        planes.withUnsafeBufferPointer { planes in
            guard let from = planes.baseAddress, let to = input.baseAddress else { return }
            for channel in 0..<3 {
                resize(
                    from + channel * picture.width * picture.height, row: picture.width, size: picture,
                    step: (1 / placement.scale, 1 / placement.scale),
                    into: to + (channel * placement.input.height + placement.top) * placement.input.width + placement.left,
                    row: placement.input.width, size: placement.content)
            }
        }
    }
}
