import CKernels

/// A picture in memory of our own, in any layout that `ps_image` can describe.
///
/// Its samples stay until the tests end: `image` is a plain value that keeps nothing alive, and the optimizer gives a picture up
/// right after its `image` was read.
public final class TestPicture {
    public private(set) var image = ps_image()

    private func keep(_ bytes: [UInt8]) -> UnsafePointer<UInt8> {
        let plane = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = plane.initialize(from: bytes)
        return UnsafePointer(plane.baseAddress!)
    }

    private func component(_ base: UnsafePointer<UInt8>, row: Int, step: Int, shiftX: Int = 0, shiftY: Int = 0) -> ps_component {
        ps_component(base: base, row: row, step: Int32(step), shift_x: UInt8(shiftX), shift_y: UInt8(shiftY))
    }

    /// Packed bytes `[height, width, 3]`, red first.
    public init(rgb: [UInt8], width: Int, height: Int) {
        image.width = Int32(width)
        image.height = Int32(height)
        image.sample_bytes = 1
        image.depth = 8
        image.kind = PS_IMAGE_RGB
        let base = keep(rgb)
        image.c = (
            component(base, row: width * 3, step: 3), component(base + 1, row: width * 3, step: 3),
            component(base + 2, row: width * 3, step: 3)
        )
    }

    /// A packed RGB picture of another picture's pixels, each converted and rounded for itself, chroma taken from the
    /// nearest sample: what OpenCV shows of a video frame, where ours interpolates chroma. 8 bits only.
    public convenience init(converting image: ps_image) {
        func sample(_ c: ps_component, _ x: Int, _ y: Int) -> Float {
            Float(c.base[(y >> Int(c.shift_y)) * c.row + (x >> Int(c.shift_x)) * Int(c.step)])
        }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(Int(image.width) * Int(image.height) * 3)
        for y in 0..<Int(image.height) {
            for x in 0..<Int(image.width) {
                var values = [sample(image.c.0, x, y)]
                if image.kind == PS_IMAGE_YUV {
                    let luma = (values[0] - image.y_offset) * image.y_scale
                    let (u, v) = (sample(image.c.1, x, y) - 128, sample(image.c.2, x, y) - 128)
                    values = [luma + image.v_to_r * v, luma + image.u_to_g * u + image.v_to_g * v, luma + image.u_to_b * u]
                } else {
                    values += [sample(image.c.1, x, y), sample(image.c.2, x, y)]
                }
                rgb += values.map { UInt8(min(max($0.rounded(), 0), 255)) }
            }
        }
        self.init(rgb: rgb, width: Int(image.width), height: Int(image.height))
    }

    /// Where YUV samples stand in memory.
    public enum Layout: String, Sendable, CaseIterable {
        case planar, semiPlanar, upsideDown
    }

    /// A YUV picture. `samples(component, x, y)` gives each stored sample (within `depth` bits).
    ///
    /// BT.601 limited range; chroma sited as given, in luma pixels.
    public init(
        width: Int, height: Int, depth: Int, shiftX: Int, shiftY: Int, siting: (x: Float, y: Float), layout: Layout = .planar,
        samples: (Int, Int, Int) -> Int
    ) {
        image.width = Int32(width)
        image.height = Int32(height)
        image.depth = Int32(depth)
        image.kind = PS_IMAGE_YUV
        let size = depth > 8 ? 2 : 1
        image.sample_bytes = Int32(size)
        (image.y_offset, image.y_scale) = (16, 255 / 219)
        (image.v_to_r, image.u_to_g, image.v_to_g, image.u_to_b) = (1.5960268, -0.3917623, -0.8129676, 2.0172321)
        (image.chroma_x, image.chroma_y) = (siting.x, siting.y)

        func bytes(_ component: Int, _ columns: Int, _ rows: Int) -> [UInt8] {
            var out: [UInt8] = []
            for y in 0..<rows {
                for x in 0..<columns {
                    let sample = samples(component, x, layout == .upsideDown ? rows - 1 - y : y)
                    out.append(UInt8(sample & 255))
                    if size == 2 { out.append(UInt8(sample >> 8)) }
                }
            }
            return out
        }
        let (columns, rows) = ((width + (1 << shiftX) - 1) >> shiftX, (height + (1 << shiftY) - 1) >> shiftY)
        func plane(_ component: Int, _ columns: Int, _ rows: Int) -> ps_component {
            let base = keep(bytes(component, columns, rows))
            let row = columns * size
            let (sx, sy) = component == 0 ? (0, 0) : (shiftX, shiftY)
            return layout == .upsideDown
                ? self.component(base + row * (rows - 1), row: -row, step: size, shiftX: sx, shiftY: sy)
                : self.component(base, row: row, step: size, shiftX: sx, shiftY: sy)
        }
        image.c.0 = plane(0, width, height)
        if layout == .semiPlanar {
            let (u, v) = (bytes(1, columns, rows), bytes(2, columns, rows))
            var mixed: [UInt8] = []
            for i in stride(from: 0, to: u.count, by: size) { mixed += u[i..<i + size] + v[i..<i + size] }
            let base = keep(mixed)
            image.c.1 = component(base, row: columns * size * 2, step: size * 2, shiftX: shiftX, shiftY: shiftY)
            image.c.2 = component(base + size, row: columns * size * 2, step: size * 2, shiftX: shiftX, shiftY: shiftY)
        } else {
            image.c.1 = plane(1, columns, rows)
            image.c.2 = plane(2, columns, rows)
        }
    }

    /// Grey bytes `[height, width]`.
    public init(grey: [UInt8], width: Int, height: Int) {
        image.width = Int32(width)
        image.height = Int32(height)
        image.sample_bytes = 1
        image.depth = 8
        image.kind = PS_IMAGE_GRAY
        (image.y_offset, image.y_scale) = (0, 1)
        image.c.0 = component(keep(grey), row: width, step: 1)
    }
}
