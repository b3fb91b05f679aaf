import Drawing
import Geometry
import Media
import TestSupport
import Testing

@Suite("Primitives on 4:2:0 planes")
struct PrimitivesTests {
    private let color = Color(red: 0.9, green: 0.3, blue: 0.2)

    private func slow(_ picture: Picture, alpha: Float) -> SlowPainter {
        let samples = picture.encoding.samples(red: color.red, green: color.green, blue: color.blue)
        return SlowPainter(samples: samples, alpha: Double(alpha))
    }

    @Test("lines and dots equal the plain definition to one grey level, inside, across and outside the edges")
    func lines() {
        var dice = Dice(state: 1)
        for round in 0..<300 {
            let (width, height) = (Int.random(in: 1...70, using: &dice), Int.random(in: 1...50, using: &dice))
            var fast = Picture(width: width, height: height)
            var plain = fast
            let reach = round % 3 == 0 ? 2000.0 : 60.0
            func point() -> Point { Point(x: .random(in: -reach...reach, using: &dice), y: .random(in: -reach...reach, using: &dice)) }
            let a = point()
            var b = point()
            if round % 5 == 1 { b = a }
            if round % 5 == 2 { b.y = a.y }
            if round % 5 == 3 { b.x = a.x }
            let lineWidth = Double.random(in: 0...20, using: &dice)
            let alpha = Float.random(in: 0.05...1, using: &dice)
            fast.draw { $0.drawLine(from: a, to: b, width: lineWidth, ink: Ink(color, alpha: alpha, on: $0.encoding)) }
            slow(fast, alpha: alpha).paint(
                &plain, signedDistance: { SlowPainter.distanceToSegment($0, $1, a, b) }, radius: lineWidth / 2)
            #expect(fast.difference(from: plain) <= 1, "\(a) \(b) \(lineWidth) on \(width)x\(height)")
            #expect(fast.guardsAreIntact)
        }
    }

    @Test("filled and outlined rectangles equal the plain definition")
    func rectangles() {
        var dice = Dice(state: 2)
        for round in 0..<300 {
            let (width, height) = (Int.random(in: 1...70, using: &dice), Int.random(in: 1...50, using: &dice))
            var fast = Picture(width: width, height: height)
            var plain = fast
            let reach = round % 3 == 0 ? 300.0 : 60.0
            let box = Box(
                x: .random(in: -reach...reach, using: &dice), y: .random(in: -reach...reach, using: &dice),
                width: .random(in: 0...reach, using: &dice), height: .random(in: 0...reach, using: &dice))
            let corner = Double.random(in: 0...10, using: &dice)
            let lineWidth = Double.random(in: 0...9, using: &dice)
            let alpha = Float.random(in: 0.05...1, using: &dice)
            let isFilled = round % 2 == 0
            fast.draw {
                let ink = Ink(color, alpha: alpha, on: $0.encoding)
                if isFilled { $0.fill(box, corner: corner, ink: ink) } else { $0.stroke(box, width: lineWidth, corner: corner, ink: ink) }
            }
            slow(fast, alpha: alpha).paint(
                &plain,
                signedDistance: {
                    let distance = SlowPainter.distanceToRoundBox($0, $1, box, corner: corner)
                    return isFilled ? distance : abs(distance)
                }, radius: isFilled ? 0 : lineWidth / 2)
            #expect(fast.difference(from: plain) <= 1, "\(box) corner \(corner) width \(lineWidth) on \(width)x\(height)")
            #expect(fast.guardsAreIntact)
        }
    }

    @Test("NaN, infinite and absurd numbers write nothing outside the picture and end at once")
    func hostile() {
        let numbers: [Double] = [
            .nan, .infinity, -.infinity, 1e308, -1e308, 1e30, -1e18, 1e9, -1e9, .leastNonzeroMagnitude, 0, -0.0, 17.5,
        ]
        var picture = Picture(width: 37, height: 23)
        let lettering = Lettering(height: 14)
        let clock = ContinuousClock()
        let elapsed = clock.measure {
            picture.draw { canvas in
                let ink = Ink(color, alpha: 0.5, on: canvas.encoding)
                for a in numbers {
                    for b in numbers {
                        for c in numbers {
                            canvas.drawLine(from: Point(x: a, y: b), to: Point(x: c, y: 11), width: 3, ink: ink)
                            canvas.drawLine(from: Point(x: 5, y: 5), to: Point(x: a, y: b), width: c, ink: ink)
                            canvas.drawDot(at: Point(x: a, y: b), radius: c, ink: ink)
                            canvas.fill(Box(x: a, y: b, width: c, height: 9), corner: b, ink: ink)
                            canvas.stroke(Box(x: a, y: b, width: 9, height: c), width: 2, corner: a, ink: ink)
                            canvas.stroke(Box(x: 3, y: 3, width: 9, height: 9), width: a, corner: b, ink: ink)
                        }
                        canvas.drawDashedLine(from: Point(x: a, y: b), to: Point(x: b, y: a), width: 2, dash: 6, ink: ink)
                        canvas.drawDashedLine(from: Point(x: 5, y: 5), to: Point(x: a, y: b), width: 2, dash: 1e-9, ink: ink)
                        canvas.drawDashedLine(from: Point(x: 5, y: 5), to: Point(x: 9, y: 5), width: a, dash: b, ink: ink)
                        canvas.draw("#12", at: Point(x: a, y: b), in: lettering, ink: ink)
                        canvas.draw("#12", at: Point(x: 4, y: 14), in: lettering, ink: Ink(color, alpha: Float(a), on: canvas.encoding))
                    }
                }
            }
        }
        #expect(picture.guardsAreIntact)
        #expect(elapsed < .seconds(20 * Sanitizer.patience))
    }

    @Test("what is not a number draws nothing")
    func notANumber() {
        let empty = Picture(width: 32, height: 24)
        var picture = empty
        picture.draw { canvas in
            let ink = Ink(color, on: canvas.encoding)
            for bad in [Double.nan, .infinity, -.infinity] {
                canvas.drawLine(from: Point(x: bad, y: 5), to: Point(x: 20, y: 5), width: 4, ink: ink)
                canvas.drawLine(from: Point(x: 2, y: 5), to: Point(x: 20, y: bad), width: 4, ink: ink)
                canvas.drawDot(at: Point(x: 5, y: bad), radius: 5, ink: ink)
                canvas.fill(Box(x: 1, y: bad, width: 9, height: 9), ink: ink)
                canvas.stroke(Box(x: 1, y: 1, width: 9, height: bad), width: 3, ink: ink)
                canvas.draw("8", at: Point(x: bad, y: 10), in: Lettering(height: 12), ink: ink)
            }
            canvas.fill(Box(x: 1, y: 1, width: 9, height: 9), ink: Ink(color, alpha: .nan, on: canvas.encoding))
        }
        #expect(picture == empty)
    }

    @Test("a line that leaves the picture for a place a billion pixels away keeps its course")
    func farEnd() {
        var far = Picture(width: 60, height: 40)
        var near = far
        far.draw { $0.drawLine(from: Point(x: 5, y: 5), to: Point(x: 5 + 2e9, y: 5 + 1e9), width: 3, ink: Ink(color, on: $0.encoding)) }
        near.draw { $0.drawLine(from: Point(x: 5, y: 5), to: Point(x: 205, y: 105), width: 3, ink: Ink(color, on: $0.encoding)) }
        #expect(far.difference(from: near) <= 1)
        #expect(far != Picture(width: 60, height: 40))
    }

    @Test("a dashed line lies on the full one and leaves gaps of the same length")
    func dashes() {
        var full = Picture(width: 120, height: 20)
        var dashed = full
        let empty = full
        full.draw { $0.drawLine(from: Point(x: 10, y: 10), to: Point(x: 110, y: 10), width: 2, ink: Ink(color, on: $0.encoding)) }
        dashed.draw {
            $0.drawDashedLine(from: Point(x: 10, y: 10), to: Point(x: 110, y: 10), width: 2, dash: 10, ink: Ink(color, on: $0.encoding))
        }
        for x in [13, 18, 33, 53, 93] { #expect(dashed[0, x, 10] == full[0, x, 10]) }
        for x in [25, 45, 65, 105] { #expect(dashed[0, x, 10] == empty[0, x, 10]) }
    }

    /// Rec. 601 and 709 bars at 100 %: the numbers of ITU-R BT.601-7 and BT.709-6 for 8 bits.
    @Test("colours become the samples that the standards give")
    func standardColors() {
        func samples(_ color: Color, _ matrix: SampleEncoding.Matrix, full: Bool = false) -> [UInt8] {
            let s = SampleEncoding(matrix: matrix, isFullRange: full).samples(red: color.red, green: color.green, blue: color.blue)
            return [s.y, s.u, s.v]
        }
        let (red, green, blue) = (Color(red: 1, green: 0, blue: 0), Color(red: 0, green: 1, blue: 0), Color(red: 0, green: 0, blue: 1))
        #expect(samples(.white, .bt709) == [235, 128, 128])
        #expect(samples(.black, .bt601) == [16, 128, 128])
        #expect(samples(.white, .bt601, full: true) == [255, 128, 128])
        #expect(samples(red, .bt601) == [81, 90, 240])
        #expect(samples(green, .bt601) == [145, 54, 34])
        #expect(samples(blue, .bt601) == [41, 240, 110])
        #expect(samples(red, .bt709) == [63, 102, 240])
        #expect(samples(green, .bt709) == [173, 42, 26])
        #expect(samples(blue, .bt709) == [32, 240, 118])
    }
}
