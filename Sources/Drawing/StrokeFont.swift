import Geometry

/// Letters as strokes of a round pen, made for this program. Capitals stand from y = 0 to the baseline y = 12, small letters
/// from y = 4, tails reach down to y = 16; x starts at 0.
enum StrokeFont {
    static let baseline = 12
    static let descent = 16
    /// Between two letters, pen centre to pen centre.
    static let gap = 4.2
    static let space = 3.0

    struct Segment: Sendable {
        var a: Point
        var b: Point
    }

    struct Shape: Sendable {
        var width: Double
        var segments: [Segment]
    }

    /// The strokes of a printable ASCII character; of "?" for any other.
    static func shape(of code: UInt8) -> Shape {
        let index = Int(code) - 33
        return shape(from: paths.indices.contains(index) ? paths[index] : paths[63 - 33])
    }

    /// Reads a path: `M x y` sets the pen down, `L x y` draws a line, `Q cx cy x y` a quadratic Bézier curve.
    private static func shape(from path: String) -> Shape {
        var segments: [Segment] = []
        var pen = Point.zero
        var width = 0.0
        var bytes = path.utf8.makeIterator()
        var command: UInt8 = 0
        var numbers: [Double] = []
        var digits = ""

        func line(to p: Point) {
            segments.append(Segment(a: pen, b: p))
            width = max(width, pen.x, p.x)
            pen = p
        }
        func endNumber() {
            if let number = Double(digits) { numbers.append(number) }
            digits = ""
        }
        func endCommand() {
            endNumber()
            switch (command, numbers.count) {
            case (UInt8(ascii: "M"), 2): pen = Point(x: numbers[0], y: numbers[1])
            case (UInt8(ascii: "L"), 2): line(to: Point(x: numbers[0], y: numbers[1]))
            case (UInt8(ascii: "Q"), 4):
                let (start, middle, end) = (pen, Point(x: numbers[0], y: numbers[1]), Point(x: numbers[2], y: numbers[3]))
                for step in 1...8 {
                    let t = Double(step) / 8
                    line(to: start * ((1 - t) * (1 - t)) + middle * (2 * t * (1 - t)) + end * (t * t))
                }
            default: break
            }
            numbers.removeAll(keepingCapacity: true)
        }
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "M"), UInt8(ascii: "L"), UInt8(ascii: "Q"):
                endCommand()
                command = byte
            case UInt8(ascii: " "): endNumber()
            default: digits.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        endCommand()
        return Shape(width: width, segments: segments)
    }

    /// From "!" (33) to "~" (126).
    private static let paths: [String] = [
        "M1 0L1 8M1 12L1 12",  // !
        "M0 0L0 3M3 0L3 3",  // "
        "M3 1L2 11M7 1L6 11M0.5 4L8.5 4M0 8L8 8",  // #
        "M7 2.5Q6 1.5 3.5 1.5Q0 1.5 0 3.8Q0 6 3.5 6Q7 6 7 8.3Q7 10.5 3.5 10.5Q1 10.5 0 9.5M3.5 0L3.5 12",  // $
        "M8 0L0 12M1.5 0Q3 0 3 1.5Q3 3 1.5 3Q0 3 0 1.5Q0 0 1.5 0M6.5 9Q8 9 8 10.5Q8 12 6.5 12Q5 12 5 10.5Q5 9 6.5 9",  // %
        "M8 12L2 4Q1 2.5 1.5 1.2Q2 0 3.5 0Q5 0 5.5 1.2Q6 3 3.5 4.5Q0 6.2 0 9Q0 12 3.5 12Q7 12 8 7",  // &
        "M0 0L0 3",  // '
        "M3 0Q0 3 0 7Q0 11 3 14",  // (
        "M0 0Q3 3 3 7Q3 11 0 14",  // )
        "M3 2L3 8M0.4 3.5L5.6 6.5M0.4 6.5L5.6 3.5",  // *
        "M3 4L3 10M0 7L6 7",  // +
        "M1 12L0 14.5",  // ,
        "M0 7L4.5 7",  // -
        "M0 12L0 12",  // .
        "M0 13L5 0",  // /
        "M3.5 0Q7 0 7 6Q7 12 3.5 12Q0 12 0 6Q0 0 3.5 0",  // 0
        "M0.5 2.5L3.5 0L3.5 12",  // 1
        "M0 3Q0 0 3.5 0Q7 0 7 3.2Q7 5.5 4.5 7.8L0 12L7 12",  // 2
        "M0.3 1.8Q1.3 0 3.5 0Q6.6 0 6.6 2.9Q6.6 5.6 3 5.6Q7 5.6 7 8.8Q7 12 3.5 12Q0.8 12 0 9.8",  // 3
        "M5.5 12L5.5 0L0 8.5L7.5 8.5",  // 4
        "M6.5 0L1 0L0.5 5.5Q1.6 4.5 3.5 4.5Q7 4.5 7 8.2Q7 12 3.3 12Q0.9 12 0 10.2",  // 5
        "M6.2 1Q5.3 0 3.8 0Q0 0 0 7Q0 12 3.5 12Q7 12 7 8.4Q7 5 3.6 5Q0.6 5 0 8.2",  // 6
        "M0 0L7 0L2.3 12",  // 7
        "M3.5 5.6Q0.4 5.6 0.4 2.8Q0.4 0 3.5 0Q6.6 0 6.6 2.8Q6.6 5.6 3.5 5.6Q7 5.6 7 8.8Q7 12 3.5 12Q0 12 0 8.8Q0 5.6 3.5 5.6",  // 8
        "M0.8 11Q1.7 12 3.2 12Q7 12 7 5Q7 0 3.5 0Q0 0 0 3.6Q0 7 3.4 7Q6.4 7 7 3.8",  // 9
        "M0 5L0 5M0 12L0 12",  // :
        "M1 5L1 5M1 12L0 14.5",  // ;
        "M6 3L0 7L6 11",  // <
        "M0 5L6 5M0 9L6 9",  // =
        "M0 3L6 7L0 11",  // >
        "M0 2.6Q0.4 0 3.2 0Q6.2 0 6.2 2.8Q6.2 4.6 4.4 5.8Q3.1 6.8 3.1 8.4M3.1 12L3.1 12",  // ?
        "M7 8.5Q3 10 3 6.5Q3 4 5 4Q7 4 7 6.5L7 7.5Q8 9.5 9.3 8Q10 7 10 5.5Q10 0.5 5.2 0.5Q0 0.5 0 6.5Q0 12.5 5.5 12.5Q8 12.5 9 11.5",  // @
        "M0 12L4.2 0L8.4 12M1.5 8L6.9 8",  // A
        "M0 0L0 12L4 12Q7.5 12 7.5 8.9Q7.5 5.7 4 5.7L0 5.7M0 0L3.6 0Q6.8 0 6.8 2.8Q6.8 5.7 3.6 5.7",  // B
        "M8 2Q6.8 0 4.5 0Q0 0 0 6Q0 12 4.5 12Q6.8 12 8 10",  // C
        "M0 0L0 12L3 12Q8 12 8 6Q8 0 3 0L0 0",  // D
        "M7 0L0 0L0 12L7 12M0 5.8L6 5.8",  // E
        "M7 0L0 0L0 12M0 5.8L6 5.8",  // F
        "M8 2Q6.8 0 4.5 0Q0 0 0 6Q0 12 4.5 12Q7 12 8.2 10L8.2 6.5L5 6.5",  // G
        "M0 0L0 12M8 0L8 12M0 5.8L8 5.8",  // H
        "M0 0L0 12",  // I
        "M5 0L5 8.5Q5 12 2.5 12Q0.4 12 0 9.8",  // J
        "M0 0L0 12M7.5 0L0 7M2.6 4.7L7.8 12",  // K
        "M0 0L0 12L6.5 12",  // L
        "M0 12L0 0L4.8 8L9.6 0L9.6 12",  // M
        "M0 12L0 0L8 12L8 0",  // N
        "M4.5 0Q9 0 9 6Q9 12 4.5 12Q0 12 0 6Q0 0 4.5 0",  // O
        "M0 12L0 0L4 0Q7.4 0 7.4 3.3Q7.4 6.6 4 6.6L0 6.6",  // P
        "M4.5 0Q9 0 9 6Q9 12 4.5 12Q0 12 0 6Q0 0 4.5 0M5.5 9L9 13",  // Q
        "M0 12L0 0L4 0Q7.4 0 7.4 3.2Q7.4 6.3 4 6.3L0 6.3M4 6.3L7.8 12",  // R
        "M7 1.8Q6 0 3.6 0Q0.4 0 0.4 2.9Q0.4 5.2 3.6 5.8Q7.2 6.5 7.2 9Q7.2 12 3.7 12Q1 12 0 10",  // S
        "M0 0L8 0M4 0L4 12",  // T
        "M0 0L0 7.5Q0 12 4 12Q8 12 8 7.5L8 0",  // U
        "M0 0L4.2 12L8.4 0",  // V
        "M0 0L2.8 12L5.6 1.5L8.4 12L11.2 0",  // W
        "M0 0L8 12M8 0L0 12",  // X
        "M0 0L4 6L8 0M4 6L4 12",  // Y
        "M0 0L7.5 0L0 12L7.5 12",  // Z
        "M3 0L0 0L0 14L3 14",  // [
        "M0 0L5 13",  // \
        "M0 0L3 0L3 14L0 14",  // ]
        "M0 4L3 0L6 4",  // ^
        "M0 14L7 14",  // _
        "M0 0L2 2",  // `
        "M0.4 5.4Q1.4 4 3.3 4Q6 4 6 6.8L6 12M6 7.6L3 7.6Q0 7.6 0 9.8Q0 12 2.6 12Q5 12 6 10",  // a
        "M0 0L0 12M0 8Q0.4 4 3.4 4Q6.5 4 6.5 8Q6.5 12 3.4 12Q0.4 12 0 8",  // b
        "M6 5.6Q5 4 3.4 4Q0 4 0 8Q0 12 3.4 12Q5 12 6 10.4",  // c
        "M6.5 0L6.5 12M6.5 8Q6.1 4 3.1 4Q0 4 0 8Q0 12 3.1 12Q6.1 12 6.5 8",  // d
        "M0 8L6.2 8Q6.2 4 3.2 4Q0 4 0 8Q0 12 3.4 12Q5.2 12 6 10.6",  // e
        "M4.6 0.2Q1.6 -0.6 1.6 3L1.6 12M0 4.3L4 4.3",  // f
        "M6.5 4L6.5 12.5Q6.5 16 3.2 16Q1.2 16 0.4 14.8M6.5 8Q6.1 4 3.1 4Q0 4 0 8Q0 12 3.1 12Q6.1 12 6.5 8",  // g
        "M0 0L0 12M0 7.2Q0.6 4 3.2 4Q6 4 6 7.2L6 12",  // h
        "M0 4.2L0 12M0 0.6L0 0.6",  // i
        "M2 4.2L2 13.5Q2 16 0 15.8M2 0.6L2 0.6",  // j
        "M0 0L0 12M5.4 4.2L0 9M2 7.3L5.8 12",  // k
        "M0 0L0 10Q0 12 1.8 12",  // l
        "M0 4.2L0 12M0 7.2Q0.5 4 2.6 4Q5 4 5 7.2L5 12M5 7.2Q5.5 4 7.6 4Q10 4 10 7.2L10 12",  // m
        "M0 4.2L0 12M0 7.2Q0.6 4 3.2 4Q6 4 6 7.2L6 12",  // n
        "M3.4 4Q6.8 4 6.8 8Q6.8 12 3.4 12Q0 12 0 8Q0 4 3.4 4",  // o
        "M0 4L0 16M0 8Q0.4 4 3.4 4Q6.5 4 6.5 8Q6.5 12 3.4 12Q0.4 12 0 8",  // p
        "M6.5 4L6.5 16M6.5 8Q6.1 4 3.1 4Q0 4 0 8Q0 12 3.1 12Q6.1 12 6.5 8",  // q
        "M0 4.2L0 12M0 7.4Q0.8 4 3.8 4.2",  // r
        "M5.4 5.2Q4.6 4 2.8 4Q0.3 4 0.3 6Q0.3 7.6 2.8 8Q5.6 8.5 5.6 10Q5.6 12 2.8 12Q0.8 12 0 10.6",  // s
        "M1.6 1L1.6 9.6Q1.6 12.4 4.2 11.9M0 4.3L4 4.3",  // t
        "M0 4.2L0 8.8Q0 12 2.8 12Q5.4 12 6 8.8M6 4.2L6 12",  // u
        "M0 4.2L3 12L6 4.2",  // v
        "M0 4.2L2.2 12L4.5 5L6.8 12L9 4.2",  // w
        "M0 4.2L6 12M6 4.2L0 12",  // x
        "M0 4.2L3.1 12M6.2 4.2L3.1 12Q2 15.8 0 15.8",  // y
        "M0 4.2L5.8 4.2L0 12L5.8 12",  // z
        "M3 0Q1.5 0 1.5 2L1.5 5Q1.5 7 0 7Q1.5 7 1.5 9L1.5 12Q1.5 14 3 14",  // {
        "M0 0L0 14",  // |
        "M0 0Q1.5 0 1.5 2L1.5 5Q1.5 7 3 7Q1.5 7 1.5 9L1.5 12Q1.5 14 0 14",  // }
        "M0 8Q0.5 6 2 6Q3 6 4 7Q5 8 6 8Q7.5 8 8 6",  // ~
    ]
}
