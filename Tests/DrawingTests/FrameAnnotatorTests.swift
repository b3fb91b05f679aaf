import Drawing
import Geometry
import Media
import Pose
import Testing

@Suite("Annotated frames")
struct FrameAnnotatorTests {
    /// Someone who stands upright with the arms out, `height` pixels high.
    static func figure(
        id: Int?, x: Double, y: Double, height: Double, state: Person.State = .confirmed, origin: Person.Origin = .network
    ) -> Person {
        let places: [(Double, Double)] = [
            (0.5, 0.08), (0.53, 0.06), (0.47, 0.06), (0.57, 0.08), (0.43, 0.08), (0.66, 0.2), (0.34, 0.2), (0.8, 0.35), (0.2, 0.35),
            (0.9, 0.48), (0.1, 0.48), (0.6, 0.52), (0.4, 0.52), (0.63, 0.74), (0.37, 0.74), (0.65, 0.95), (0.35, 0.95),
        ]
        let width = height * 0.5
        return Person(
            id: id, state: state, origin: origin, score: 0.87, box: Box(x: x, y: y, width: width, height: height),
            keypoints: places.map { Keypoint(x: x + $0.0 * width, y: y + $0.1 * height, score: 0.9) })
    }

    private func drawn(
        _ people: [Person], width: Int = 320, height: Int = 240, options: AnnotationOptions = AnnotationOptions()
    ) -> Picture {
        var picture = Picture(width: width, height: height)
        var annotator = FrameAnnotator(keypoints: .coco17, options: options)
        picture.draw { annotator.draw(people, on: $0) }
        return picture
    }

    private let empty = Picture(width: 320, height: 240)

    @Test("the colour of an id is the golden ratio's, for ever")
    func colors() {
        for id in [0, 1, 2, 3, 77, 1_000_000] {
            let hue = (Double(id) * 0.6180339887498949).truncatingRemainder(dividingBy: 1)
            let expected = Color(hue: Float(hue), saturation: 0.75, value: 1)
            let color = PersonColors(id: id).base
            let differences = [color.red - expected.red, color.green - expected.green, color.blue - expected.blue]
            #expect(differences.allSatisfy { abs($0) < 0.01 })
        }
        #expect(PersonColors(id: .max) != PersonColors(id: .min))
        // Neighbours differ at a glance.
        for id in 0..<200 {
            let (a, b) = (PersonColors(id: id).base, PersonColors(id: id + 1).base)
            #expect(abs(a.red - b.red) + abs(a.green - b.green) + abs(a.blue - b.blue) > 0.5)
        }
        let person = PersonColors(id: 5)
        #expect(person.left.luma > person.base.luma && person.right.luma < person.base.luma)
    }

    @Test("left limbs are lighter than right ones in the picture")
    func sides() {
        let person = Self.figure(id: 1, x: 60, y: 10, height: 220)
        let picture = drawn([person])
        func luma(between a: Int, _ b: Int) -> UInt8 {
            let middle = (person.keypoints[a].position + person.keypoints[b].position) * 0.5
            return picture[0, Int(middle.x.rounded()), Int(middle.y.rounded())]
        }
        #expect(luma(between: 13, 15) > luma(between: 14, 16))
        #expect(luma(between: 5, 7) > luma(between: 6, 8))
    }

    @Test("joints below the threshold are not drawn, nor missing ones, nor their limbs")
    func thresholds() {
        var options = AnnotationOptions()
        options.showsBoxes = false
        options.label = .none
        options.jointScoreThreshold = 0.5
        var person = Self.figure(id: 1, x: 60, y: 10, height: 220)
        for index in person.keypoints.indices { person.keypoints[index].score = 0.49 }
        #expect(drawn([person], options: options) == empty)
        for index in person.keypoints.indices { person.keypoints[index] = .missing }
        options.jointScoreThreshold = 0
        #expect(drawn([person], options: options) == empty)
        person.keypoints[9] = Keypoint(x: 100, y: 100, score: 0.9)
        let dot = drawn([person], options: options)
        #expect(dot[0, 100, 100] != empty[0, 100, 100])
        #expect(dot[0, 100, 110] == empty[0, 100, 110] && dot[0, 50, 50] == empty[0, 50, 50])
    }

    @Test("switches turn parts off; nobody leaves the picture as it was")
    func switches() {
        let person = Self.figure(id: 1, x: 60, y: 30, height: 200)
        #expect(drawn([]) == empty)
        var options = AnnotationOptions()
        options.showsBoxes = false
        options.showsSkeletons = false
        options.label = .none
        #expect(drawn([person], options: options) == empty)
        var anonymous = person
        anonymous.id = nil
        options.label = .id
        #expect(drawn([anonymous], options: options) == empty)
        #expect(drawn([person], options: options) != empty)
        var scored = options
        scored.label = .idAndScore
        #expect(drawn([person], options: scored) != drawn([person], options: options))
    }

    @Test("someone expected, someone new and a pose carried by flow look different from a seen one")
    func states() {
        let looks = [
            drawn([Self.figure(id: 1, x: 60, y: 30, height: 200)]),
            drawn([Self.figure(id: 1, x: 60, y: 30, height: 200, state: .coasting)]),
            drawn([Self.figure(id: 1, x: 60, y: 30, height: 200, state: .tentative)]),
            drawn([Self.figure(id: 1, x: 60, y: 30, height: 200, origin: .flow)]),
        ]
        for a in looks.indices { for b in looks.indices where a < b { #expect(looks[a].difference(from: looks[b]) > 20) } }
        // The dashed box shows the picture between its dashes.
        let left = (80..<200).map { looks[1][0, 60, $0] }
        #expect(left.contains(empty[0, 60, 100]) && left.contains { $0 != empty[0, 60, 100] })
    }

    @Test("a label stays in the picture when its box is cut by an edge")
    func labelPlacement() {
        var options = AnnotationOptions()
        options.showsBoxes = false
        options.showsSkeletons = false
        for (x, y) in [(-40.0, -30.0), (310.0, 5.0), (100.0, 235.0), (-20.0, 236.0)] {
            let picture = drawn([Self.figure(id: 12, x: x, y: y, height: 90)], options: options)
            let inked = picture.planes[0].indices.filter { picture.planes[0][$0] != empty.planes[0][$0] }.count
            let whole = drawn([Self.figure(id: 12, x: 100, y: 100, height: 90)], options: options)
            let wanted = whole.planes[0].indices.filter { whole.planes[0][$0] != empty.planes[0][$0] }.count
            #expect(abs(inked - wanted) <= wanted / 10, "\(x) \(y)")
        }
        #expect(drawn([Self.figure(id: 12, x: 500, y: 100, height: 90)], options: options) == empty, "nobody outside gets a label")
    }

    @Test("lines and letters grow with the picture, so a large film reads like a small one")
    func scale() {
        func share(_ width: Int, _ height: Int) -> Double {
            let person = Self.figure(id: 1, x: Double(width) * 0.3, y: Double(height) * 0.1, height: Double(height) * 0.8)
            let picture = drawn([person], width: width, height: height)
            let ground = Picture(width: width, height: height)
            let inked = zip(picture.planes[0], ground.planes[0]).lazy.filter { $0 != $1 }.count
            return Double(inked) / Double(width * height)
        }
        let (large, middle, small) = (share(3840, 2160), share(1280, 720), share(320, 240))
        #expect(abs(large - middle) < 0.25 * middle)
        #expect(small > middle, "a small picture needs relatively thicker lines")
    }

    @Test("hostile people: huge, negative, NaN, too few or too many joints")
    func hostile() {
        var dice = Dice(state: 3)
        let numbers: [Double] = [.nan, .infinity, -.infinity, 1e300, -1e300, 1e9, -5, 0, 100]
        func number() -> Double { numbers.randomElement(using: &dice) ?? 0 }
        var picture = Picture(width: 63, height: 47)
        var annotator = FrameAnnotator(keypoints: .coco17)
        let elapsed = ContinuousClock().measure {
            for round in 0..<2000 {
                let person = Person(
                    id: [nil, 0, 7, .max, .min, -1].randomElement(using: &dice) ?? nil, state: Person.State.allCases[round % 3],
                    origin: Person.Origin.allCases[round % 2], score: number(),
                    box: Box(x: number(), y: number(), width: number(), height: number()),
                    keypoints: (0..<(round % 30)).map { _ in Keypoint(x: number(), y: number(), score: number()) })
                picture.draw { annotator.draw([person], on: $0) }
            }
        }
        #expect(picture.guardsAreIntact)
        #expect(elapsed < .seconds(20))
    }

    @Test("one annotator follows a change of the picture's size")
    func sizeChange() {
        var annotator = FrameAnnotator(keypoints: .coco17)
        let person = Self.figure(id: 1, x: 10, y: 10, height: 60)
        for (width, height) in [(320, 240), (640, 480), (320, 240)] {
            var picture = Picture(width: width, height: height)
            picture.draw { annotator.draw([person], on: $0) }
            #expect(picture == drawn([person], width: width, height: height))
        }
    }
}
