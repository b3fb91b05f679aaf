import Foundation

/// Number streams that the reference folders are made of: SplitMix64 seeded with FNV-1a 64 of a name.
///
/// Two families share the generator and differ in how a word becomes a number (see the README of each folder).
public enum FormulaStream {
    /// Raw words of the stream, from the first.
    public static func words(_ name: String, _ count: Int) -> [UInt64] {
        var seed: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (0..<count).map { index in
            var z = seed &+ (UInt64(index) &+ 1) &* 0x9e37_79b9_7f4a_7c15
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    /// reference/bottomup's `unit`: the top 53 bits, in [0, 1).
    public static func unit(_ name: String, _ count: Int) -> [Double] {
        words(name, count).map { Double($0 >> 11) * 0x1p-53 }
    }

    /// reference/bottomup's `signed`: (2 u - 1) * scale in double, rounded once.
    public static func signed(_ name: String, _ count: Int, scale: Double = 1) -> [Float] {
        unit(name, count).map { Float((2 * $0 - 1) * scale) }
    }

    /// reference/topdown's u: the top 24 bits as a whole number.
    public static func top24(_ name: String, _ count: Int) -> [UInt32] {
        words(name, count).map { UInt32($0 >> 40) }
    }

    /// reference/bottomup's `picture`: [3, height, width], each channel a sum of six waves.
    public static func picture(_ name: String, height: Int, width: Int) -> [Float] {
        let u = unit("input:" + name, 72)
        var values: [Float] = []
        values.reserveCapacity(3 * height * width)
        for channel in 0..<3 {
            for y in 0..<height {
                for x in 0..<width {
                    var sum = 0.0
                    for wave in 0..<6 {
                        let first = (channel * 6 + wave) * 4
                        let (fx, fy) = ((8 * u[first + 1]).rounded(.down), (8 * u[first + 2]).rounded(.down))
                        let across: Double = fx * (Double(x) + 0.5) / Double(width), down: Double = fy * (Double(y) + 0.5) / Double(height)
                        let turn: Double = across + down
                        sum += (0.2 + 0.8 * u[first]) * sin(2 * Double.pi * turn + 2 * Double.pi * u[first + 3])
                    }
                    values.append(Float(sum / 3))
                }
            }
        }
        return values
    }

    /// reference/bottomup's `grey`: `picture` as bytes [height, width, 3].
    public static func grey(_ name: String, height: Int, width: Int) -> [UInt8] {
        let planes = picture(name, height: height, width: width)
        var bytes = [UInt8](repeating: 0, count: height * width * 3)
        for channel in 0..<3 {
            for pixel in 0..<height * width {
                let value = (128 + 80 * Double(planes[channel * height * width + pixel]) + 0.5).rounded(.down)
                bytes[pixel * 3 + channel] = UInt8(min(max(value, 0), 255))
            }
        }
        return bytes
    }
}
