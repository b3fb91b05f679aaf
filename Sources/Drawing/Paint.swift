import Media

/// A colour, red, green and blue from 0 to 1.
public struct Color: Hashable, Sendable {
    public var red: Float
    public var green: Float
    public var blue: Float

    public init(red: Float, green: Float, blue: Float) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    public static let white = Color(red: 1, green: 1, blue: 1)
    public static let black = Color(red: 0, green: 0, blue: 0)

    /// A colour of the HSV cone; every part from 0 to 1.
    public init(hue: Float, saturation: Float, value: Float) {
        let sector = (hue - hue.rounded(.down)) * 6
        func part(_ offset: Float) -> Float {
            let place = (offset + sector).truncatingRemainder(dividingBy: 6)
            return value - value * saturation * max(0, min(place, 4 - place, 1))
        }
        self.init(red: part(5), green: part(3), blue: part(1))
    }

    /// This colour moved towards another: 0 leaves it, 1 gives the other.
    public func mixed(with other: Color, by share: Float) -> Color {
        Color(
            red: red + share * (other.red - red), green: green + share * (other.green - green), blue: blue + share * (other.blue - blue))
    }

    /// How bright the eye sees it, 0 to 1 (BT.709 luma).
    public var luma: Float { 0.2126 * red + 0.7152 * green + 0.0722 * blue }
}

/// The colours of one person: limbs of the left side are lighter, of the right side darker.
public struct PersonColors: Hashable, Sendable {
    public var base: Color
    public var left: Color
    public var right: Color

    public init(base: Color) {
        self.base = base
        left = base.mixed(with: .white, by: 0.45)
        right = base.mixed(with: .black, by: 0.25)
    }

    /// The colour of an id, for ever: hues a golden ratio apart, so that near ids look different (spec: media, 6.4).
    public init(id: Int) {
        // id * 0.618034 mod 1 in 32-bit fixed point: exact for every id, however large.
        let turn = UInt32(truncatingIfNeeded: id) &* 2_654_435_769
        self.init(base: Color(hue: Float(turn >> 8) / Float(1 << 24), saturation: 0.75, value: 1))
    }

    /// People that no tracker has seen share one colour, as theirs would change from frame to frame.
    public static let unidentified = PersonColors(base: Color(hue: 0.55, saturation: 0.6, value: 1))
}
