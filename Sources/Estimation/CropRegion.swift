import Foundation
import Geometry
import Sampling

/// The part of a picture that a top-down network sees for a box: centre and size, widened to the input's aspect and padded.
///
/// Kept in the form and precision of the official SimpleBaseline and HRNet code, whose rounding is part of the result
/// (spec: networks-topdown section 7.1 and 7.2).
public struct CropRegion: Sendable, Hashable {
    /// Pixels.
    public var centerX: Float
    public var centerY: Float
    /// Size in units of 200 pixels.
    public var scaleX: Float
    public var scaleY: Float

    private static let unit: Float = 200

    /// - Parameters:
    ///   - input: the network's input, whose aspect the region takes on.
    ///   - padding: factor on the size; 1.25 in the official code.
    public init(box: Box, input: InputSize, padding: Double = 1.25) {
        centerX = Float(box.x + box.width * 0.5)
        centerY = Float(box.y + box.height * 0.5)
        let aspect = Double(input.width) / Double(input.height)
        var (width, height) = (box.width, box.height)
        if width > aspect * height {
            height = width / aspect
        } else if width < aspect * height {
            width = height * aspect
        }
        (scaleX, scaleY) = (Float(width / 200), Float(height / 200))
        // -1 is how the official annotations say "no centre"; their code pads all others.
        if centerX != -1 {
            scaleX *= Float(padding)
            scaleY *= Float(padding)
        }
    }

    /// Area for OKS, pixels^2.
    public var area: Double { Double(Self.unit * Self.unit) * Double(scaleX) * Double(scaleY) }

    /// The map from the picture to an input of this size; nil for a region without size.
    ///
    /// - Parameter rotation: degrees by which the region is turned around its centre.
    public func forward(to size: InputSize, rotation: Double = 0) -> Affine? {
        Self.solve(from: corners(rotation), to: Self.corners(of: size))
    }

    /// The map from pixels of the network's output maps back to the picture; nil for a region without size.
    public func back(from maps: InputSize) -> Affine? {
        Self.solve(from: Self.corners(of: maps), to: corners(0))
    }

    /// mmpose's way back, per axis and without the points' rounding.
    func plainBack(from maps: InputSize) -> Affine? {
        let (width, height) = (Double(scaleX) * 200, Double(scaleY) * 200)
        guard width > 0, height > 0, width.isFinite, height.isFinite, centerX.isFinite, centerY.isFinite else { return nil }
        return Affine(
            a: width / Double(maps.width), b: 0, tx: Double(centerX) - width / 2, c: 0, d: height / Double(maps.height),
            ty: Double(centerY) - height / 2)
    }

    // MARK: Three points

    /// Centre, middle of the upper edge, and the point that makes a right angle there: what the official code gives to
    /// getAffineTransform, each rounded to f32. Only the width counts.
    private typealias Corners = (SIMD2<Float>, SIMD2<Float>, SIMD2<Float>)

    private func corners(_ rotation: Double) -> Corners {
        let up = Double(scaleX * Self.unit) * -0.5
        let angle = Double.pi * rotation / 180
        let center = SIMD2(centerX, centerY)
        let edge = SIMD2(Float(Double(centerX) - up * sin(angle)), Float(Double(centerY) + up * cos(angle)))
        return (center, edge, Self.third(center, edge))
    }

    private static func corners(of size: InputSize) -> Corners {
        let (width, height) = (Double(size.width), Double(size.height))
        let center = SIMD2(Float(width * 0.5), Float(height * 0.5))
        let edge = SIMD2(Float(width * 0.5), Float(height * 0.5 - width * 0.5))
        return (center, edge, third(center, edge))
    }

    private static func third(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> SIMD2<Float> {
        let edge = a - b
        return b + SIMD2(-edge.y, edge.x)
    }

    /// The affine map that takes three points to three others, in double.
    private static func solve(from: Corners, to: Corners) -> Affine? {
        let origin = SIMD2<Double>(from.0), target = SIMD2<Double>(to.0)
        let u = SIMD2<Double>(from.1) - origin, v = SIMD2<Double>(from.2) - origin
        let du = SIMD2<Double>(to.1) - target, dv = SIMD2<Double>(to.2) - target
        let determinant = u.x * v.y - u.y * v.x
        guard determinant != 0, determinant.isFinite else { return nil }
        let a = (du.x * v.y - dv.x * u.y) / determinant, b = (dv.x * u.x - du.x * v.x) / determinant
        let c = (du.y * v.y - dv.y * u.y) / determinant, d = (dv.y * u.x - du.y * v.x) / determinant
        return Affine(
            a: a, b: b, tx: target.x - a * origin.x - b * origin.y, c: c, d: d, ty: target.y - c * origin.x - d * origin.y)
    }
}
