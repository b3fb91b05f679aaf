/// An axis-parallel rectangle: the left upper corner and the size, in pixels (COCO's x, y, w, h).
public struct Box: Hashable, Sendable, Codable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// A box from two opposite corners.
    public init(left: Double, top: Double, right: Double, bottom: Double) {
        self.init(x: left, y: top, width: right - left, height: bottom - top)
    }

    /// The smallest box that holds all points; nil for none.
    public init?(bounding points: some Sequence<Point>) {
        var iterator = points.makeIterator()
        guard let first = iterator.next() else { return nil }
        var (left, top, right, bottom) = (first.x, first.y, first.x, first.y)
        while let p = iterator.next() {
            left = min(left, p.x)
            top = min(top, p.y)
            right = max(right, p.x)
            bottom = max(bottom, p.y)
        }
        self.init(left: left, top: top, right: right, bottom: bottom)
    }

    public var right: Double { x + width }
    public var bottom: Double { y + height }
    public var center: Point { Point(x: x + width / 2, y: y + height / 2) }
    public var area: Double { width * height }

    /// The part that both boxes share; zero size where they do not meet.
    public func intersection(_ other: Box) -> Box {
        let left = max(x, other.x)
        let top = max(y, other.y)
        return Box(
            x: left, y: top,
            width: max(0, min(right, other.right) - left),
            height: max(0, min(bottom, other.bottom) - top))
    }

    /// This box cut to the picture `[0, width] x [0, height]`.
    public func clipped(width: Double, height: Double) -> Box {
        Box(
            left: min(max(x, 0), width), top: min(max(y, 0), height),
            right: min(max(right, 0), width), bottom: min(max(bottom, 0), height))
    }

    /// The box grown by `fraction` of its size on each side.
    public func expanded(by fraction: Double) -> Box {
        Box(x: x - width * fraction, y: y - height * fraction, width: width * (1 + 2 * fraction), height: height * (1 + 2 * fraction))
    }

    /// Intersection over union in plain areas. Two empty boxes give NaN, which no threshold exceeds.
    public func iou(_ other: Box) -> Double {
        let shared = intersection(other).area
        return shared / (area + other.area - shared)
    }
}
