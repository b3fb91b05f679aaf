import Drawing
import Geometry
import Media

/// A picture in memory with guard bytes around each plane, to draw on and to compare.
struct Picture: Equatable {
    static let guardByte: UInt8 = 0xA5
    static let guardCount = 64

    let width: Int
    let height: Int
    let encoding: SampleEncoding
    var planes: [[UInt8]]

    init(
        width: Int, height: Int, encoding: SampleEncoding = SampleEncoding(matrix: .bt709, isFullRange: false),
        fill: (UInt8, UInt8, UInt8) = (90, 120, 140)
    ) {
        self.width = width
        self.height = height
        self.encoding = encoding
        planes = [fill.0, fill.1, fill.2].enumerated().map { index, value in
            let size = Self.size(index, width, height)
            let guards = [UInt8](repeating: Self.guardByte, count: Self.guardCount)
            return guards + [UInt8](repeating: value, count: size.width * size.height) + guards
        }
    }

    static func size(_ plane: Int, _ width: Int, _ height: Int) -> (width: Int, height: Int) {
        plane == 0 ? (width, height) : ((width + 1) / 2, (height + 1) / 2)
    }

    subscript(plane: Int, x: Int, y: Int) -> UInt8 {
        get { planes[plane][Self.guardCount + y * Self.size(plane, width, height).width + x] }
        set { planes[plane][Self.guardCount + y * Self.size(plane, width, height).width + x] = newValue }
    }

    var guardsAreIntact: Bool {
        planes.allSatisfy { plane in
            (plane.prefix(Self.guardCount) + plane.suffix(Self.guardCount)).allSatisfy { $0 == Self.guardByte }
        }
    }

    mutating func draw(_ body: (borrowing Canvas) -> Void) {
        var (luma, blue, red) = (planes[0], planes[1], planes[2])
        luma.withUnsafeMutableBufferPointer { y in
            blue.withUnsafeMutableBufferPointer { u in
                red.withUnsafeMutableBufferPointer { v in
                    guard let y = y.baseAddress, let u = u.baseAddress, let v = v.baseAddress else { return }
                    let rows = (width, (width + 1) / 2, (width + 1) / 2)
                    body(
                        Canvas(
                            y: y + Self.guardCount, u: u + Self.guardCount, v: v + Self.guardCount, rows: rows, width: width,
                            height: height, encoding: encoding))
                }
            }
        }
        planes = [luma, blue, red]
    }

    /// The largest difference of two samples at the same place.
    func difference(from other: Picture) -> Int {
        zip(planes, other.planes).map { a, b in zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0 }.max() ?? 0
    }
}

/// The primitives once more, as plainly as the definition reads: every pixel of the picture, in Double, no clipping.
struct SlowPainter {
    var samples: (UInt8, UInt8, UInt8)
    var alpha: Double

    func paint(_ picture: inout Picture, signedDistance: (_ x: Double, _ y: Double) -> Double, radius: Double) {
        for plane in 0..<3 {
            let size = Picture.size(plane, picture.width, picture.height)
            let unit = plane == 0 ? 1.0 : 2.0
            let value = Double([samples.0, samples.1, samples.2][plane])
            for y in 0..<size.height {
                for x in 0..<size.width {
                    // The middle of a chroma sample in luma pixels: it covers 2x and 2x + 1.
                    let (lx, ly) = plane == 0 ? (Double(x), Double(y)) : (2 * Double(x) + 0.5, 2 * Double(y) + 0.5)
                    let coverage = min(max((radius - signedDistance(lx, ly)) / unit + 0.5, 0), 1) * alpha
                    let below = Double(picture[plane, x, y])
                    picture[plane, x, y] = UInt8((below + coverage * (value - below)).rounded())
                }
            }
        }
    }

    static func distanceToSegment(_ x: Double, _ y: Double, _ a: Point, _ b: Point) -> Double {
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let square = dx * dx + dy * dy
        let t = square > 0 ? min(max(((x - a.x) * dx + (y - a.y) * dy) / square, 0), 1) : 0
        return Point(x: x - a.x - t * dx, y: y - a.y - t * dy).length
    }

    static func distanceToRoundBox(_ x: Double, _ y: Double, _ box: Box, corner: Double) -> Double {
        let r = max(0, min(corner, box.width / 2, box.height / 2))
        // Inside the shrunk rectangle the distance is to its nearest edge, outside to its nearest point.
        let (left, top, right, bottom) = (box.x + r, box.y + r, box.right - r, box.bottom - r)
        let nearest = Point(x: min(max(x, left), right), y: min(max(y, top), bottom))
        let outside = Point(x: x - nearest.x, y: y - nearest.y).length
        return (outside > 0 ? outside : -min(x - left, right - x, y - top, bottom - y)) - r
    }
}

/// Numbers that are the same in every run (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
