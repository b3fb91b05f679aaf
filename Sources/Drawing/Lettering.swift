import CKernels

/// Letters of one size, drawn once as masks and then only blended: our own stroke font (`StrokeFont`), so no library is needed.
public struct Lettering: Sendable {
    /// Pixels from the top of a capital to the bottom of a "g".
    public let height: Double

    struct Glyph: Sendable {
        /// Where the mask lies in the sheet, and its width; no ink when 0.
        var offset = 0
        var width = 0
        /// Pixels to the next letter.
        var advance = 0.0
    }

    /// Rows of every mask.
    let maskHeight: Int
    /// Rows of a mask above the baseline.
    let ascent: Int
    /// Columns of a mask to the left of the pen.
    let margin: Int
    private let glyphs: [Glyph]
    private let sheet: [UInt8]

    /// - Parameter height: pixels from the top of a capital to the bottom of a "g"; kept between 6 and 1000.
    public init(height: Double) {
        let height = height.isFinite ? min(max(height, 6), 1000) : 12
        self.height = height
        let unit = height / Double(StrokeFont.descent)
        let radius = max(0.6, unit * 0.95)
        let margin = Int((radius + 1).rounded(.up))
        let rows = Int((unit * Double(StrokeFont.descent)).rounded(.up)) + 2 * margin
        let ascent = Int((unit * Double(StrokeFont.baseline)).rounded()) + margin
        var glyphs = [Glyph](repeating: Glyph(), count: 128)
        var sheet: [UInt8] = []
        for code in 33..<127 {
            let shape = StrokeFont.shape(of: UInt8(code))
            let columns = Int((shape.width * unit).rounded(.up)) + 2 * margin
            let offset = sheet.count
            sheet.append(contentsOf: repeatElement(0, count: columns * rows))
            sheet.withUnsafeMutableBufferPointer { buffer in
                guard let mask = buffer.baseAddress.map({ $0 + offset }) else { return }
                let (dx, dy) = (Double(margin), Double(ascent) - unit * Double(StrokeFont.baseline))
                for s in shape.segments {
                    ps_mask_capsule(
                        mask, Int32(columns), Int32(rows), columns, s.a.x * unit + dx, s.a.y * unit + dy, s.b.x * unit + dx,
                        s.b.y * unit + dy, radius)
                }
            }
            glyphs[code] = Glyph(offset: offset, width: columns, advance: (shape.width + StrokeFont.gap) * unit)
        }
        glyphs[32] = Glyph(offset: 0, width: 0, advance: (StrokeFont.space + StrokeFont.gap) * unit)
        self.glyphs = glyphs
        self.sheet = sheet
        self.margin = margin
        self.ascent = ascent
        maskHeight = rows
    }

    /// Pixels from the baseline to the top of a capital.
    public var capHeight: Double { height * Double(StrokeFont.baseline) / Double(StrokeFont.descent) }

    /// Width of a line of text in pixels, without the gap behind its last letter.
    public func width(of text: String) -> Double {
        let gap = StrokeFont.gap * height / Double(StrokeFont.descent)
        var sum = 0.0
        for character in text.unicodeScalars { sum += glyph(for: character).advance }
        return max(0, sum - gap)
    }

    /// Letters that the font lacks show as "?".
    func glyph(for character: Unicode.Scalar) -> Glyph {
        let code = Int(character.value)
        return (32..<127).contains(code) ? glyphs[code] : glyphs[63]
    }

    func withMasks(_ body: (UnsafePointer<UInt8>) -> Void) {
        sheet.withUnsafeBufferPointer { if let base = $0.baseAddress { body(base) } }
    }
}
