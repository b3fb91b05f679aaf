import CKernels
import Diagnostics
import Geometry
import Pose
import Sampling

/// The evaluation of MultiPoseNet.pytorch (spec: networks-bottomup 2.4): keypoint maps at the picture's own size, averaged over
/// scales and, with the flip test, with the mirrored picture's; boxes of the picture as it is, at scale 1.
extension MultiPoseNetEstimator {
    private var scales: [Double] { options.processing == .multiscale ? [0.5, 1, 1.5, 2, 2.5] : [1] }

    func evaluate(_ image: ps_image) throws -> [Person] {
        let picture = InputSize(width: Int(image.width), height: Int(image.height))
        guard picture.isSensible else {
            throw Failure(.data, "cannot evaluate picture", at: "\(picture) pixels", because: "its maps would be of that size")
        }
        let maps = PictureMaps(picture: picture, stride: Self.stride, partners: KeypointSet.openPose18.mirrored)
        var boxes: [ScoredBox] = []
        for scale in scales {
            let placement = Placement(picture: picture, height: options.height, fixed: nil, factor: scale)
            for isMirrored in options.flip ? [false, true] : [false] {
                let run = try look(at: isMirrored ? image.mirrored() : image, placement)
                if scale == 1, !isMirrored { boxes = self.boxes(run, placement) }
                maps.add(
                    .init(
                        Array(run.executor.output(run.heatmaps).floats), size: run.maps,
                        right: placement.input.width - placement.content.width, bottom: placement.input.height - placement.content.height,
                        isMirrored: isMirrored))
            }
        }
        guard !boxes.isEmpty else { return [] }
        let reader = JointPeaks(size: picture, factor: 1)
        let peaks = withUnsafeTemporaryAllocation(of: Float.self, capacity: picture.width * picture.height) { map in
            (0..<Self.maps).map { channel in
                maps.read(channel, into: map)
                return reader.peaks(UnsafeBufferPointer(map))
            }
        }
        return try people(boxes, peaks) { Point(x: Double($0.x), y: Double($0.y)) }
    }
}
