import CKernels
import Flow
import Foundation
import TestSupport
import Testing

/// Grey pictures of `fixtures/flow`.
struct GreyPicture {
    var width: Int
    var height: Int
    var pixels: [UInt8]

    init(width: Int, height: Int, pixels: [UInt8]) {
        (self.width, self.height, self.pixels) = (width, height, pixels)
    }

    /// A binary PGM with its three header lines.
    init(fixture name: String) throws {
        let bytes = try Fixture.bytes("flow/\(name).pgm")
        let lines = bytes.split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
        let size = try #require(String(bytes: lines[1], encoding: .ascii)).split(separator: " ").compactMap { Int($0) }
        (width, height) = (size[0], size[1])
        pixels = [UInt8](lines[3])
        #expect(pixels.count == width * height)
    }

    func pyramid(_ kernels: FlowKernels) throws -> GreyPyramid {
        let pyramid = try GreyPyramid(width: width, height: height)
        let picture = TestPicture(grey: pixels, width: width, height: height)
        pyramid.fill(from: picture.image, kernels: kernels)
        return pyramid
    }

    subscript(x: Int, y: Int) -> UInt8 { pixels[y * width + x] }
}

/// Instruction sets that this processor has.
let instructionSets: [String] = ["plain", "avx2", "avx512", "neon"].filter { (name: String) in ps_flow_named(name) != nil }

extension FlowKernels {
    static func named(_ name: String) throws -> FlowKernels { try FlowKernels(FlowOptions(instructionSet: name)) }
}

/// A small generator with a fixed seed, so that a failure can be repeated.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0 ..< bound
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    /// 0 ..< 1
    mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

extension GreyPicture {
    /// Smooth random texture; the same point of the plane has the same grey in every picture of one seed.
    ///
    /// - Parameter place: where in the plane the centre of a pixel lies.
    static func texture(width: Int, height: Int, seed: UInt64, place: (Double, Double) -> (Double, Double) = { ($0, $1) }) -> GreyPicture {
        var random = SplitMix(state: seed)
        let waves = (0..<24).map { _ -> (Double, Double, Double) in
            let (length, angle) = (6 + 40 * random.unit(), 2 * Double.pi * random.unit())
            return (2 * .pi / length * cos(angle), 2 * .pi / length * sin(angle), 2 * .pi * random.unit())
        }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height)
        for y in 0..<height {
            for x in 0..<width {
                let (u, v) = place(Double(x), Double(y))
                let sum = waves.reduce(0.0) { $0 + sin($1.0 * u + $1.1 * v + $1.2) }
                pixels.append(UInt8(min(max(128 + 18 * sum, 0), 255)))
            }
        }
        return GreyPicture(width: width, height: height, pixels: pixels)
    }
}

/// Zeroed memory with a pattern before and behind it that must survive.
final class GuardedBytes {
    private static let zone = 256
    private let all: UnsafeMutableRawBufferPointer
    let start: UnsafeMutablePointer<UInt8>

    init(count: Int) {
        all = .allocate(byteCount: count + 2 * Self.zone, alignment: 64)
        all.initializeMemory(as: UInt8.self, repeating: 0xA5)
        start = (all.baseAddress! + Self.zone).assumingMemoryBound(to: UInt8.self)
        start.update(repeating: 0, count: count)
    }

    deinit { all.deallocate() }

    var isIntact: Bool { all.prefix(Self.zone).allSatisfy { $0 == 0xA5 } && all.suffix(Self.zone).allSatisfy { $0 == 0xA5 } }
}
