import Drawing
import Geometry
import Media
import Testing

@Suite("Lettering")
struct LetteringTests {
    private func rendered(_ text: String, height: Double, width: Int = 120) -> Picture {
        var picture = Picture(width: width, height: Int(height) * 2, fill: (16, 128, 128))
        picture.draw {
            $0.draw(text, at: Point(x: 6, y: height * 1.2), in: Lettering(height: height), ink: Ink(.white, on: $0.encoding))
        }
        return picture
    }

    @Test("every printable character has a shape of its own, at label size and large", arguments: [12.0, 40.0])
    func distinct(height: Double) {
        var seen: [[UInt8]: Character] = [:]
        for code in UInt8(33)..<127 {
            let character = Character(Unicode.Scalar(code))
            let picture = rendered(String(character), height: height)
            #expect(picture.planes[0].contains { $0 > 150 && $0 != Picture.guardByte }, "\(character) is blank")
            if let other = seen.updateValue(character, forKey: picture.planes[0]) {
                Issue.record("\(character) looks like \(other)")
            }
        }
    }

    @Test("letters stand on the baseline and capitals are as high as promised")
    func metrics() {
        let height = 40.0
        let lettering = Lettering(height: height)
        let picture = rendered("H", height: height)
        let rows = (0..<picture.height).filter { y in (0..<picture.width).contains { picture[0, $0, y] > 125 } }
        let baseline = Int((height * 1.2).rounded())
        #expect(abs((rows.first ?? 0) - (baseline - Int(lettering.capHeight))) <= 3)
        #expect(abs((rows.last ?? 0) - baseline) <= 3)
        #expect(picture.guardsAreIntact)
    }

    @Test("the width of a text is that of its ink")
    func width() {
        let lettering = Lettering(height: 24)
        let picture = rendered("#1234", height: 24, width: 300)
        let columns = (0..<picture.width).filter { x in (0..<picture.height).contains { picture[0, x, $0] > 125 } }
        let ink = Double((columns.last ?? 0) - (columns.first ?? 0))
        #expect(abs(ink - lettering.width(of: "#1234")) <= 5)
        #expect(lettering.width(of: "") == 0)
    }

    @Test("a mask across an edge is cut where the picture ends, chroma too")
    func clippedText() {
        let whole = {
            var picture = Picture(width: 80, height: 60)
            picture.draw { $0.draw("WM8", at: Point(x: 20, y: 40), in: Lettering(height: 22), ink: Ink(.white, on: $0.encoding)) }
            return picture
        }()
        // The same text in a window of the picture, moved by an even step so that chroma keeps its place.
        for (dx, dy) in [(24, 0), (0, 24), (30, 30), (-20, -22)] {
            var window = Picture(width: 40, height: 30)
            window.draw {
                $0.draw(
                    "WM8", at: Point(x: 20 - Double(dx), y: 40 - Double(dy)), in: Lettering(height: 22), ink: Ink(.white, on: $0.encoding))
            }
            #expect(window.guardsAreIntact)
            for plane in 0..<3 {
                let (size, step) = (Picture.size(plane, 40, 30), plane == 0 ? 1 : 2)
                let outer = Picture.size(plane, 80, 60)
                for y in 0..<size.height {
                    for x in 0..<size.width {
                        let (wx, wy) = (x + dx / step, y + dy / step)
                        guard wx >= 0, wy >= 0, wx < outer.width, wy < outer.height else { continue }
                        #expect(window[plane, x, y] == whole[plane, wx, wy])
                    }
                }
            }
        }
    }

    @Test("characters that the font lacks show as a question mark")
    func unknown() {
        #expect(rendered("\u{1F600}", height: 20) == rendered("?", height: 20))
        #expect(rendered("é", height: 20) == rendered("?", height: 20))
    }
}
