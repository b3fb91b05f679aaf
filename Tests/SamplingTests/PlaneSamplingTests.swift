import CKernels
import Geometry
import Sampling
import TestSupport
import Testing

/// Crops and letterboxes straight from YUV planes against a slow computation in doubles.
@Suite("Sampling from planes") struct PlaneSamplingTests {
    struct Format: CustomTestStringConvertible, Sendable {
        var depth: Int
        var shiftX: Int
        var shiftY: Int
        var siting: (x: Float, y: Float)
        var layout: TestPicture.Layout
        var testDescription: String { "\(layout) \(depth) bit 1/\(1 << shiftX)x1/\(1 << shiftY) at \(siting)" }
    }

    static let formats: [Format] = [
        Format(depth: 8, shiftX: 1, shiftY: 1, siting: (0, 0.5), layout: .planar),
        Format(depth: 8, shiftX: 1, shiftY: 1, siting: (0.5, 0.5), layout: .semiPlanar),
        Format(depth: 8, shiftX: 1, shiftY: 0, siting: (0, 0), layout: .upsideDown),
        Format(depth: 8, shiftX: 0, shiftY: 0, siting: (0, 0), layout: .planar),
        Format(depth: 10, shiftX: 1, shiftY: 1, siting: (0, 0.5), layout: .planar),
        Format(depth: 10, shiftX: 1, shiftY: 0, siting: (0, 0), layout: .semiPlanar),
        Format(depth: 12, shiftX: 0, shiftY: 0, siting: (0, 0), layout: .planar),
        Format(depth: 8, shiftX: 2, shiftY: 0, siting: (0, 0), layout: .planar),
        Format(depth: 16, shiftX: 1, shiftY: 1, siting: (0, 0), layout: .planar),
    ]

    /// A picture whose samples have structure in all three components, with odd sizes.
    static let (width, height) = (53, 37)

    static func stored(_ format: Format) -> (Int, Int, Int) -> Int {
        let top = (1 << format.depth) - 1
        return { component, x, y in
            let wave = (x * 37 * (component + 1) + y * 91 + (x * y * (component + 3)) % 61) % 256
            return (wave * top) / 255
        }
    }

    static func picture(_ format: Format) -> TestPicture {
        TestPicture(
            width: width, height: height, depth: format.depth, shiftX: format.shiftX, shiftY: format.shiftY, siting: format.siting,
            layout: format.layout, samples: stored(format))
    }

    /// Bilinear sample of a component at a place in its own samples, ends repeated, in 8-bit units.
    static func clamped(_ format: Format, _ component: Int, _ x: Double, _ y: Double) -> Double {
        let (sx, sy) = component == 0 ? (0, 0) : (format.shiftX, format.shiftY)
        let (columns, rows) = ((width + (1 << sx) - 1) >> sx, (height + (1 << sy) - 1) >> sy)
        let stored = stored(format)
        func at(_ x: Int, _ y: Int) -> Double {
            Double(stored(component, min(max(x, 0), columns - 1), min(max(y, 0), rows - 1))) / Double(1 << (format.depth - 8))
        }
        let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
        let (fx, fy) = (x - x.rounded(.down), y - y.rounded(.down))
        return (at(left, top) * (1 - fx) + at(left + 1, top) * fx) * (1 - fy)
            + (at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx) * fy
    }

    static func rgb(_ image: ps_image, y: Double, u: Double, v: Double, cover: Double) -> [Double] {
        let luma = Double(image.y_scale) * (y - Double(image.y_offset) * cover)
        let (u, v) = ((u - 128) * cover, (v - 128) * cover)
        return [
            luma + Double(image.v_to_r) * v, luma + Double(image.u_to_g) * u + Double(image.v_to_g) * v,
            luma + Double(image.u_to_b) * u,
        ].map { min(max($0, 0), 255) }
    }

    /// Compares bytes with real-valued truth: never off by more than `tolerance` of rounding.
    static func worst(_ bytes: UnsafeBufferPointer<UInt8>, _ truth: [Double]) -> Double {
        var worst = 0.0
        for (byte, value) in zip(bytes, truth) { worst = max(worst, abs(Double(byte) - value)) }
        return worst
    }

    @Test("a crop equals luma at OpenCV's taps and chroma at its own siting, converted once", arguments: formats)
    func crop(format: Format) throws {
        let picture = Self.picture(format)
        // Turned a little and partly outside on all sides.
        let map = Affine(a: 1.31, b: 0.22, tx: 6.3, c: -0.17, d: 1.12, ty: 9.7)
        let sampler = InputSampler(width: 90, height: 70, normalization: .imageNet)
        var planes = [Float](repeating: 0, count: sampler.count)
        planes.withUnsafeMutableBufferPointer { sampler.warp(picture.image, through: map, into: $0) }

        let back = try #require(map.inverse)
        let stored = Self.stored(format)
        var truth: [Double] = []
        for row in 0..<70 {
            for column in 0..<90 {
                // Positions in 1/32 pixel, each part of the sum rounded as OpenCV does.
                let (x, y) = (Double(column), Double(row))
                let px = (Int(((back.b * y + back.tx) * 1024).rounded(.toNearestOrEven)) + 16
                    + Int((back.a * x * 1024).rounded(.toNearestOrEven))) >> 5
                let py = (Int(((back.d * y + back.ty) * 1024).rounded(.toNearestOrEven)) + 16
                    + Int((back.c * x * 1024).rounded(.toNearestOrEven))) >> 5
                var (luma, cover) = (0.0, 0.0)
                for dy in 0...1 {
                    for dx in 0...1 {
                        let (tx, ty) = ((px >> 5) + dx, (py >> 5) + dy)
                        let (a, b) = (Double(px & 31) / 32, Double(py & 31) / 32)
                        let weight = (dx == 1 ? a : 1 - a) * (dy == 1 ? b : 1 - b)
                        guard (0..<Self.width).contains(tx), (0..<Self.height).contains(ty) else { continue }
                        luma += weight * Double(stored(0, tx, ty)) / Double(1 << (format.depth - 8))
                        cover += weight
                    }
                }
                let cx = (Double(px) / 32 - Double(format.siting.x)) / Double(1 << format.shiftX)
                let cy = (Double(py) / 32 - Double(format.siting.y)) / Double(1 << format.shiftY)
                truth += Self.rgb(
                    picture.image, y: luma, u: Self.clamped(format, 1, cx, cy), v: Self.clamped(format, 2, cx, cy), cover: cover)
            }
        }
        #expect(truth.contains { $0 == 0 } && truth.contains { $0 > 200 })
        #expect(Self.worst(sampler.crop, truth) < 0.502)
    }

    @Test("a letterbox equals bilinear interpolation with half-pixel centres; the rest is the fill", arguments: formats)
    func letterbox(format: Format) {
        let picture = Self.picture(format)
        for (contentWidth, contentHeight) in [(70, 49), (21, 15), (53, 37)] {
            let sampler = InputSampler(width: 96, height: 64, normalization: .imageNet)
            var planes = [Float](repeating: 0, count: sampler.count)
            planes.withUnsafeMutableBufferPointer {
                sampler.letterbox(picture.image, contentWidth: contentWidth, contentHeight: contentHeight, fill: 114, into: $0)
            }
            var truth: [Double] = []
            for row in 0..<64 {
                for column in 0..<96 {
                    guard row < contentHeight, column < contentWidth else {
                        truth += [114, 114, 114]
                        continue
                    }
                    let x = (Double(column) + 0.5) * Double(Self.width) / Double(contentWidth) - 0.5
                    let y = (Double(row) + 0.5) * Double(Self.height) / Double(contentHeight) - 0.5
                    let (ix, iy) = (min(max(x, 0), Double(Self.width - 1)), min(max(y, 0), Double(Self.height - 1)))
                    let cx = (ix - Double(format.siting.x)) / Double(1 << format.shiftX)
                    let cy = (iy - Double(format.siting.y)) / Double(1 << format.shiftY)
                    truth += Self.rgb(
                        picture.image, y: Self.clamped(format, 0, ix, iy), u: Self.clamped(format, 1, cx, cy),
                        v: Self.clamped(format, 2, cx, cy), cover: 1)
                }
            }
            // Weights of 1/2048 on steps of up to 255 levels times the chroma coefficients leave a third of a level.
            #expect(Self.worst(sampler.crop, truth) < 1)
        }
    }

    @Test("grey pictures have three equal channels")
    func grey() {
        let picture = TestPicture(grey: (0..<12).map { UInt8($0 * 20) }, width: 4, height: 3)
        let sampler = InputSampler(width: 4, height: 3, normalization: .bytesBGR)
        var planes = [Float](repeating: 0, count: sampler.count)
        planes.withUnsafeMutableBufferPointer { sampler.warp(picture.image, through: .identity, into: $0) }
        #expect(planes == (0..<3).flatMap { _ in (0..<12).map { Float($0 * 20) } })
    }

    @Test("normalization is (v / 255 - mean) / deviation for each channel in the network's order")
    func normalization() {
        let picture = TestPicture(rgb: [200, 100, 50], width: 1, height: 1)
        func planes(_ normalization: PixelNormalization) -> [Float] {
            let sampler = InputSampler(width: 1, height: 1, normalization: normalization)
            var planes = [Float](repeating: 0, count: 3)
            planes.withUnsafeMutableBufferPointer {
                sampler.letterbox(picture.image, contentWidth: 1, contentHeight: 1, fill: 0, into: $0)
            }
            return planes
        }
        func near(_ got: [Float], _ wanted: [Double]) -> Bool { zip(got, wanted).allSatisfy { abs(Double($0) - $1) < 1e-6 } }
        #expect(near(
            planes(.imageNet), [(200 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (50 / 255 - 0.406) / 0.225]))
        #expect(near(
            planes(.simpleBaseline), [(50 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (200 / 255 - 0.406) / 0.225]))
        #expect(near(planes(.nanoDet), [(50 - 103.53) / 57.375, (100 - 116.28) / 57.12, (200 - 123.675) / 58.395]))
        #expect(planes(.bytesBGR) == [50, 100, 200])
    }
}
