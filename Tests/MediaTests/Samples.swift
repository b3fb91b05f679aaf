import CKernels
import Foundation
import Media

/// Reads frames the slow and plain way, one sample at a time, as the kernels' header says it.
extension VideoFrame {
    /// The components one after another, rows without gaps, as ffmpeg's rawvideo of the planar format has them
    /// (RGB as gbrp: green, blue, red).
    var planes: Data {
        withImage { image in
            var data = Data()
            for component in image.kind == PS_IMAGE_RGB ? [image.c.1, image.c.2, image.c.0] : image.components {
                let columns = (Int(image.width) + (1 << component.shift_x) - 1) >> component.shift_x
                let rows = (Int(image.height) + (1 << component.shift_y) - 1) >> component.shift_y
                for y in 0..<rows {
                    let row = component.base + y * component.row
                    if component.step == image.sample_bytes {
                        data.append(row, count: columns * Int(image.sample_bytes))
                        continue
                    }
                    for x in 0..<columns {
                        let sample = row + x * Int(component.step)
                        data.append(sample, count: Int(image.sample_bytes))
                    }
                }
            }
            return data
        }
    }

    /// Red, green and blue of a pixel, 0 to 255, chroma interpolated linearly between its places.
    func rgb(_ x: Int, _ y: Int) -> [Double] {
        withImage { image in
            func sample(_ c: Int, _ column: Int, _ row: Int) -> Double {
                let component = image.components[c]
                let columns = (Int(image.width) + (1 << component.shift_x) - 1) >> component.shift_x
                let rows = (Int(image.height) + (1 << component.shift_y) - 1) >> component.shift_y
                let at = component.base + min(max(row, 0), rows - 1) * component.row
                    + min(max(column, 0), columns - 1) * Int(component.step)
                let value = image.sample_bytes == 1 ? Int(at[0]) : Int(at[0]) | Int(at[1]) << 8
                return Double(value) / Double(1 << (image.depth - 8))
            }
            func chroma(_ c: Int) -> Double {
                let component = image.components[c]
                let u = (Double(x) - Double(component.shift_x > 0 ? image.chroma_x : 0)) / Double(1 << component.shift_x)
                let v = (Double(y) - Double(component.shift_y > 0 ? image.chroma_y : 0)) / Double(1 << component.shift_y)
                let (i, j) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
                let (a, b) = (u - Double(i), v - Double(j))
                return (1 - b) * ((1 - a) * sample(c, i, j) + a * sample(c, i + 1, j))
                    + b * ((1 - a) * sample(c, i, j + 1) + a * sample(c, i + 1, j + 1)) - 128
            }
            if image.kind == PS_IMAGE_RGB { return (0..<3).map { sample($0, x, y) } }
            let luma = Double(image.y_scale) * (sample(0, x, y) - Double(image.y_offset))
            guard image.kind == PS_IMAGE_YUV else { return [luma, luma, luma].map { min(max($0, 0), 255) } }
            let (u, v) = (chroma(1), chroma(2))
            return [
                luma + Double(image.v_to_r) * v, luma + Double(image.u_to_g) * u + Double(image.v_to_g) * v,
                luma + Double(image.u_to_b) * u,
            ].map { min(max($0, 0), 255) }
        }
    }
}

extension ps_image {
    var components: [ps_component] { kind == PS_IMAGE_GRAY ? [c.0] : [c.0, c.1, c.2] }
}

/// All frames of a source, kept.
func allFrames(_ source: any FrameSource) throws -> [VideoFrame] {
    var frames: [VideoFrame] = []
    while let frame = try source.next() { frames.append(frame) }
    return frames
}

/// Only how many.
func countFrames(_ source: any FrameSource) throws -> Int {
    var count = 0
    while try source.next() != nil { count += 1 }
    return count
}
