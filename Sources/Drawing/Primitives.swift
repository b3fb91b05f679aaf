import CKernels
import Geometry
import Media

/// A colour as the samples of one canvas, and how opaque it is laid on.
public struct Ink: Sendable {
    let samples: ps_ink

    /// - Parameter alpha: 0 draws nothing, 1 covers.
    public init(_ color: Color, alpha: Float = 1, on encoding: SampleEncoding) {
        let (y, u, v) = encoding.samples(red: color.red, green: color.green, blue: color.blue)
        samples = ps_ink(sample: (y, u, v), alpha: alpha)
    }
}

/// The anti-aliased primitives. All of them clip to the picture; NaN and infinite coordinates draw nothing.
extension Canvas {
    /// A line with round ends, `width` pixels wide.
    public borrowing func drawLine(from a: Point, to b: Point, width: Double, ink: Ink) {
        withUnsafePointer(to: planes) { ps_draw_capsule($0, a.x, a.y, b.x, b.y, width / 2, ink.samples) }
    }

    /// A line of dashes `dash` pixels long with gaps of the same length.
    public borrowing func drawDashedLine(from a: Point, to b: Point, width: Double, dash: Double, ink: Ink) {
        let (first, last) = visiblePart(from: a, to: b, margin: width + dash)
        guard first <= last, dash > 0 else { return }
        // Only what can be seen is dashed: a line may be as long as a number can be.
        let step = b - a
        let (start, end) = (a + step * first, a + step * last)
        let length = (end - start).length
        let hidden = (start - a).length
        guard length > 0, length < 1e6, hidden.isFinite else { return }
        let along = (end - start) * (1 / length)
        let period = 2 * dash
        let phase = hidden.truncatingRemainder(dividingBy: period)
        for number in 0...Int(min(length / period + 1, 1e5)) {
            let from = max(0, Double(number) * period - phase)
            let to = min(length, Double(number) * period - phase + dash)
            if from < to { drawLine(from: start + along * from, to: start + along * to, width: width, ink: ink) }
        }
    }

    /// A filled circle.
    public borrowing func drawDot(at center: Point, radius: Double, ink: Ink) {
        withUnsafePointer(to: planes) { ps_draw_capsule($0, center.x, center.y, center.x, center.y, radius, ink.samples) }
    }

    /// A filled rectangle; `corner` is the radius of its corners.
    public borrowing func fill(_ box: Box, corner: Double = 0, ink: Ink) {
        withUnsafePointer(to: planes) { ps_draw_box($0, box.x, box.y, box.right, box.bottom, corner, ink.samples) }
    }

    /// The outline of a rectangle, `width` pixels wide, half of it to either side of the edge.
    public borrowing func stroke(_ box: Box, width: Double, corner: Double = 0, ink: Ink) {
        withUnsafePointer(to: planes) { ps_draw_frame($0, box.x, box.y, box.right, box.bottom, corner, width / 2, ink.samples) }
    }

    /// The outline of a rectangle in dashes.
    public borrowing func strokeDashed(_ box: Box, width: Double, dash: Double, ink: Ink) {
        let (a, b) = (Point(x: box.x, y: box.y), Point(x: box.right, y: box.y))
        let (c, d) = (Point(x: box.right, y: box.bottom), Point(x: box.x, y: box.bottom))
        drawDashedLine(from: a, to: b, width: width, dash: dash, ink: ink)
        drawDashedLine(from: b, to: c, width: width, dash: dash, ink: ink)
        drawDashedLine(from: c, to: d, width: width, dash: dash, ink: ink)
        drawDashedLine(from: d, to: a, width: width, dash: dash, ink: ink)
    }

    /// One line of text; `origin` is the left end of its baseline, moved to whole pixels.
    public borrowing func draw(_ text: String, at origin: Point, in lettering: Lettering, ink: Ink) {
        // Beyond this no letter of any length of text can be seen, and the pixel numbers stay small.
        guard abs(origin.x) < 1e6, abs(origin.y) < 1e6 else { return }
        let top = Int32(origin.y.rounded()) - Int32(lettering.ascent)
        var pen = origin.x
        lettering.withMasks { masks in
            for character in text.unicodeScalars {
                let glyph = lettering.glyph(for: character)
                if glyph.width > 0 {
                    withUnsafePointer(to: planes) {
                        ps_draw_mask(
                            $0, Int32(pen.rounded()) - Int32(lettering.margin), top, masks + glyph.offset, Int32(glyph.width),
                            Int32(lettering.maskHeight), glyph.width, ink.samples)
                    }
                }
                pen += glyph.advance
                if pen > Double(width) + lettering.height { return }
            }
        }
    }

    /// The range of t in which a + t (b - a) can be near the picture; empty (first > last) when nowhere.
    private borrowing func visiblePart(from a: Point, to b: Point, margin: Double) -> (first: Double, last: Double) {
        var (first, last) = (0.0, 1.0)
        func cut(_ start: Double, _ step: Double, _ size: Double) {
            let (low, high) = (-margin, size + margin)
            if step == 0 {
                if start < low || start > high { last = -1 }
                return
            }
            let (t0, t1) = ((low - start) / step, (high - start) / step)
            first = max(first, min(t0, t1))
            last = min(last, max(t0, t1))
        }
        cut(a.x, b.x - a.x, Double(width))
        cut(a.y, b.y - a.y, Double(height))
        return first.isFinite && last.isFinite ? (first, last) : (1, 0)
    }
}
