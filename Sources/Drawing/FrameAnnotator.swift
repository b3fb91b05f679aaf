import Geometry
import Media
import Pose

/// How people are drawn.
public struct AnnotationOptions: Sendable, Equatable {
    public enum Label: Sendable, Equatable {
        case none
        /// "#3"
        case id
        /// "#3 0.87"
        case idAndScore
    }

    public var showsBoxes = true
    public var showsSkeletons = true
    public var label = Label.id
    /// Joints below this score are not drawn, nor the limbs that end there.
    public var jointScoreThreshold = 0.3
    /// Width of a limb in pixels; nil: from the picture's size.
    public var lineWidth: Double?
    /// Height of the labels in pixels; nil: from the picture's size.
    public var textHeight: Double?

    public init() {}
}

/// Draws the people of a frame onto it: box, label, limbs and joints in the colour of the person's id.
///
/// A track that is only expected (`coasting`) is pale and its box is dashed; one that is new (`tentative`) is pale; a pose that flow
/// carried has thin limbs. Make one for a film: it keeps what depends on the picture's size, so drawing allocates nothing.
public struct FrameAnnotator: Sendable {
    public let options: AnnotationOptions
    private let bones: [Bone]
    private let sides: [Side]
    private var sizing: Sizing?

    enum Side: Sendable { case left, right, middle }

    struct Bone: Sendable {
        var from: Int
        var to: Int
        var side: Side
    }

    /// What follows from the size of the picture.
    private struct Sizing: Sendable {
        var width: Int
        var height: Int
        var line: Double
        var outline: Double
        var lettering: Lettering
    }

    public init(keypoints: KeypointSet, options: AnnotationOptions = AnnotationOptions()) {
        self.options = options
        let sides = keypoints.names.map { name -> Side in
            name.hasPrefix("left") ? .left : name.hasPrefix("right") ? .right : .middle
        }
        self.sides = sides
        bones = keypoints.skeleton.compactMap { edge in
            guard sides.indices.contains(edge.from), sides.indices.contains(edge.to) else { return nil }
            // From the middle to a side a limb belongs to that side; across the body to neither.
            let (a, b) = (sides[edge.from], sides[edge.to])
            return Bone(from: edge.from, to: edge.to, side: a == b ? a : a == .middle ? b : b == .middle ? a : .middle)
        }
    }

    /// Draws everyone; the last of `people` lies on top, labels on top of all.
    public mutating func draw(_ people: [Person], on canvas: borrowing Canvas) {
        guard canvas.width > 0, canvas.height > 0 else { return }
        let sizing = sizing(for: canvas)
        for person in people { drawBody(of: person, sizing, on: canvas) }
        if options.label != .none {
            for person in people { drawLabel(of: person, sizing, on: canvas) }
        }
    }

    private mutating func sizing(for canvas: borrowing Canvas) -> Sizing {
        if let sizing, sizing.width == canvas.width, sizing.height == canvas.height { return sizing }
        // The shorter side, so that a portrait film looks as the same film in landscape.
        let side = Double(min(canvas.width, canvas.height))
        let line = options.lineWidth ?? max(1.5, side / 270)
        let made = Sizing(
            width: canvas.width, height: canvas.height, line: line, outline: max(0.75, line * 0.25),
            lettering: Lettering(height: options.textHeight ?? max(12, side / 45)))
        sizing = made
        return made
    }

    private func drawBody(of person: Person, _ sizing: Sizing, on canvas: borrowing Canvas) {
        let encoding = canvas.encoding
        let colors = colors(of: person)
        let alpha = opacity(of: person)
        let dark = Ink(.black, alpha: 0.55 * alpha, on: encoding)
        // Someone far away gets finer lines, else a small body is all outline; someone near gets stronger ones.
        let size = person.box.height
        let fine = size > 0 ? min(sizing.line * 1.5, max(1.5, min(sizing.line, size / 45), size / 130)) : sizing.line
        let outline = min(sizing.outline, fine * 0.5)

        if options.showsBoxes {
            let width = min(fine, sizing.line) * 0.6
            let ink = Ink(colors.base, alpha: 0.9 * alpha, on: encoding)
            if person.state == .coasting {
                canvas.strokeDashed(person.box, width: width + 2 * outline * 0.7, dash: 3 * fine, ink: dark)
                canvas.strokeDashed(person.box, width: width, dash: 3 * fine, ink: ink)
            } else {
                let corner = 2 * fine
                canvas.stroke(person.box, width: width + 2 * outline * 0.7, corner: corner, ink: dark)
                canvas.stroke(person.box, width: width, corner: corner, ink: ink)
            }
        }
        guard options.showsSkeletons else { return }
        let limb = person.origin == .flow ? fine * 0.55 : fine
        let joint = limb * 1.05
        for bone in bones {
            guard let (a, b) = ends(of: bone, in: person) else { continue }
            canvas.drawLine(from: a, to: b, width: limb + 2 * outline, ink: dark)
        }
        for index in person.keypoints.indices where isShown(index, in: person) {
            canvas.drawDot(at: person.keypoints[index].position, radius: joint + outline, ink: dark)
        }
        let inks = (
            left: Ink(colors.left, alpha: alpha, on: encoding), right: Ink(colors.right, alpha: alpha, on: encoding),
            middle: Ink(colors.base, alpha: alpha, on: encoding)
        )
        func ink(_ side: Side) -> Ink { side == .left ? inks.left : side == .right ? inks.right : inks.middle }
        for bone in bones {
            guard let (a, b) = ends(of: bone, in: person) else { continue }
            canvas.drawLine(from: a, to: b, width: limb, ink: ink(bone.side))
        }
        let core = Ink(.white, alpha: 0.9 * alpha, on: encoding)
        for index in person.keypoints.indices where isShown(index, in: person) {
            let position = person.keypoints[index].position
            canvas.drawDot(at: position, radius: joint, ink: ink(index < sides.count ? sides[index] : .middle))
            canvas.drawDot(at: position, radius: joint * 0.45, ink: core)
        }
    }

    private func drawLabel(of person: Person, _ sizing: Sizing, on canvas: borrowing Canvas) {
        guard let id = person.id else { return }
        let text = label(id: id, score: person.score)
        let lettering = sizing.lettering
        let pad = lettering.height * 0.28
        let size = Point(x: lettering.width(of: text) + 2 * pad + lettering.height * 0.1, y: lettering.capHeight + 2 * pad)
        // Above the box; inside it where there is no room above; always wholly in the picture.
        let above = person.box.y - size.y
        let top = above >= 0 ? above : person.box.y
        let left = person.box.x - sizing.line * 0.3
        guard top.isFinite, left.isFinite, touches(person.box, canvas) else { return }
        let plate = Box(
            x: min(max(left, 0), max(0, Double(canvas.width) - size.x)).rounded(),
            y: min(max(top, 0), max(0, Double(canvas.height) - size.y)).rounded(), width: size.x, height: size.y)
        let colors = colors(of: person)
        let alpha = opacity(of: person)
        canvas.fill(plate, corner: pad, ink: Ink(colors.base, alpha: 0.92 * alpha, on: canvas.encoding))
        // Black or white, whichever stands out from the plate.
        let letters = colors.base.luma > 0.4 ? Color.black : Color.white
        canvas.draw(
            text, at: Point(x: plate.x + pad + lettering.height * 0.05, y: plate.y + pad + lettering.capHeight), in: lettering,
            ink: Ink(letters, alpha: max(0.75, alpha), on: canvas.encoding))
    }

    private func label(id: Int, score: Double) -> String {
        guard options.label == .idAndScore, score.isFinite else { return "#\(id)" }
        let hundredths = Int((min(max(score, 0), 9.99) * 100).rounded())
        return "#\(id) \(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
    }

    private func touches(_ box: Box, _ canvas: borrowing Canvas) -> Bool {
        box.right >= 0 && box.bottom >= 0 && box.x < Double(canvas.width) && box.y < Double(canvas.height)
    }

    private func colors(of person: Person) -> PersonColors { person.id.map(PersonColors.init(id:)) ?? .unidentified }

    private func opacity(of person: Person) -> Float {
        switch person.state {
        case .confirmed: 1
        case .tentative: 0.7
        case .coasting: 0.5
        }
    }

    private func isShown(_ index: Int, in person: Person) -> Bool {
        guard index < person.keypoints.count else { return false }
        let keypoint = person.keypoints[index]
        return keypoint.score >= options.jointScoreThreshold && !keypoint.isMissing
    }

    private func ends(of bone: Bone, in person: Person) -> (Point, Point)? {
        guard isShown(bone.from, in: person), isShown(bone.to, in: person) else { return nil }
        return (person.keypoints[bone.from].position, person.keypoints[bone.to].position)
    }
}
