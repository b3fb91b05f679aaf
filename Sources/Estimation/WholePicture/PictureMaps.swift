import CKernels
import Sampling

/// The maps of a network on one picture as the official evaluations of Lightweight OpenPose and MultiPoseNet read them: enlarged
/// by the network's stride, the padding cut off, enlarged to the picture's own size, averaged over scales and with the mirrored
/// picture (spec: networks-bottomup 1.2 and 2.4). Both enlargements are cubic.
///
/// One map at a time is enlarged, so that memory does not grow with their number. Belongs to one caller at a time.
package final class PictureMaps {
    /// What one run of the network gave.
    package struct Part {
        /// [channels, size.height, size.width].
        package var maps: [Float]
        package var size: InputSize
        /// Input pixels around the scaled picture.
        package var left: Int
        package var top: Int
        package var right: Int
        package var bottom: Int
        /// The network saw the mirrored picture.
        package var isMirrored: Bool

        package init(_ maps: [Float], size: InputSize, left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0, isMirrored: Bool = false) {
            self.maps = maps
            self.size = size
            (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
            self.isMirrored = isMirrored
        }
    }

    /// Size of the picture, which is that of the maps that come out.
    package let picture: InputSize
    private let stride: Int
    /// For each channel the one that takes its place in a mirrored picture.
    private let partners: [Int]
    private var parts: [Part] = []
    private var resize = CubicResize()
    private var enlarged: [Float] = []
    private var single: [Float]
    private var mirrored: [Float]

    /// - Parameters:
    ///   - stride: input pixels a cell of the maps.
    ///   - partners: needed where parts are mirrored.
    package init(picture: InputSize, stride: Int, partners: [Int] = []) {
        self.picture = picture
        self.stride = stride
        self.partners = partners
        single = Array(repeating: 0, count: picture.width * picture.height)
        mirrored = []
    }

    package func add(_ part: Part) { parts.append(part) }

    /// Writes a channel's map, [picture.height, picture.width].
    package func read(_ channel: Int, into map: UnsafeMutableBufferPointer<Float>) {
        average(parts.filter { !$0.isMirrored }, channel, into: map)
        let others = parts.filter(\.isMirrored)
        guard !others.isEmpty else { return }
        if mirrored.isEmpty { mirrored = Array(repeating: 0, count: single.count) }
        mirrored.withUnsafeMutableBufferPointer { mirrored in
            average(others, partners[channel], into: mirrored)
            var own: Int32 = 0
            ps_heatmap_merge_mirrored(map.baseAddress, mirrored.baseAddress, &own, 1, Int32(picture.height), Int32(picture.width), 0)
        }
    }

    private func average(_ parts: [Part], _ channel: Int, into map: UnsafeMutableBufferPointer<Float>) {
        map.update(repeating: 0)
        for part in parts {
            enlarge(part, channel)
            ps_add_divided_f32(map.baseAddress, single, single.count, Float(parts.count))
        }
    }

    /// Brings one map of a part to the picture's size, into `single`.
    private func enlarge(_ part: Part, _ channel: Int) {
        let whole = InputSize(width: part.size.width * stride, height: part.size.height * stride)
        if enlarged.count < whole.width * whole.height { enlarged = Array(repeating: 0, count: whole.width * whole.height) }
        let window = InputSize(width: whole.width - part.left - part.right, height: whole.height - part.top - part.bottom)
        let cells = part.size.width * part.size.height
        part.maps.withUnsafeBufferPointer { maps in
            enlarged.withUnsafeMutableBufferPointer { enlarged in
                single.withUnsafeMutableBufferPointer { single in
                    guard let map = maps.baseAddress, let large = enlarged.baseAddress, let target = single.baseAddress else { return }
                    resize(
                        map + channel * cells, row: part.size.width, size: part.size, step: (1 / Double(stride), 1 / Double(stride)),
                        into: large, row: whole.width, size: whole)
                    resize(
                        large + part.top * whole.width + part.left, row: whole.width, size: window,
                        step: (Double(window.width) / Double(picture.width), Double(window.height) / Double(picture.height)),
                        into: target, row: picture.width, size: picture)
                }
            }
        }
    }
}
