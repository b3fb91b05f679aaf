import CKernels
import Diagnostics
import Foundation
import Media

/// The grey picture of a frame and its halves, halves of halves, …
///
/// Grey is the Y plane as it lies: no conversion, the range left alone, deeper samples cut to 8 bits.
package final class GreyPyramid: @unchecked Sendable {
    // Safe to share: `fill` is only called by the provider that holds the one reference; afterwards nobody writes.

    package let width: Int
    package let height: Int
    private let memory: UnsafeMutableRawBufferPointer
    private let sums: UnsafeMutablePointer<Int16>
    private let layout: ps_pyramid

    /// Levels below this size are of no use to the smallest window.
    private static let smallestSide: Int32 = 9

    /// Room for pictures of one size.
    package init(width: Int, height: Int) throws {
        var layout = ps_pyramid()
        let byteCount = ps_pyramid_layout(&layout, nil, Int32(width), Int32(height), Self.smallestSide)
        let sumCount = ps_halve_sums(Int32(width))
        guard let start = calloc(byteCount + 64 + 2 * sumCount, 1) else {
            throw Failure(
                .unavailable, "cannot follow motion", at: "\(width)x\(height)", because: "no memory for the grey picture",
                remedy: "set track.flow to none")
        }
        memory = UnsafeMutableRawBufferPointer(start: start, count: byteCount + 64 + 2 * sumCount)
        sums = (start + (byteCount + 63) / 64 * 64).bindMemory(to: Int16.self, capacity: sumCount)
        _ = ps_pyramid_layout(
            &layout, start.bindMemory(to: UInt8.self, capacity: byteCount), Int32(width), Int32(height), Self.smallestSide)
        self.layout = layout
        self.width = width
        self.height = height
    }

    deinit { free(memory.baseAddress) }

    /// Takes the picture of a frame of this size.
    package func fill(from frame: VideoFrame, kernels: FlowKernels) {
        frame.withImage { image in fill(from: image, kernels: kernels) }
    }

    package func fill(from image: borrowing ps_image, kernels: FlowKernels) {
        var upper = level(0)
        withUnsafePointer(to: image) { ps_grey_from_image($0, &upper) }
        ps_grey_fill_border(&upper, PS_BORDER_MIRROR)
        for n in 1..<max(1, levelCount) {
            var lower = level(n)
            kernels.table.halve(&upper, &lower, sums)
            ps_grey_fill_border(&lower, PS_BORDER_MIRROR)
            upper = lower
        }
    }

    package var levelCount: Int { Int(layout.count) }

    package func level(_ n: Int) -> ps_grey {
        withUnsafePointer(to: layout) { ps_pyramid_level($0, Int32(n)) }
    }

    func withLayout<Result>(_ body: (UnsafePointer<ps_pyramid>) -> Result) -> Result {
        defer { withExtendedLifetime(self) {} }
        return withUnsafePointer(to: layout, body)
    }

    /// The coarsest level that Lucas-Kanade may use: each is greater than the window on both sides, as OpenCV has it.
    package func coarsestLevel(window: Int, from finest: Int, atMost steps: Int) -> Int {
        var coarsest = finest
        while coarsest < finest + steps, coarsest + 1 < levelCount {
            let next = level(coarsest + 1)
            guard next.width > window, next.height > window else { break }
            coarsest += 1
        }
        return coarsest
    }
}

/// Pyramids that are used again when nobody looks at them any more.
struct PyramidPool {
    private var pyramids: [GreyPyramid] = []

    /// A pyramid of that size that is nobody else's; its old content is still in it.
    mutating func take(width: Int, height: Int) throws -> GreyPyramid {
        pyramids.removeAll { $0.width != width || $0.height != height }
        for i in pyramids.indices where isKnownUniquelyReferenced(&pyramids[i]) { return pyramids[i] }
        let pyramid = try GreyPyramid(width: width, height: height)
        // Who keeps many motions keeps their pyramids; the pool itself holds a few.
        if pyramids.count < 4 { pyramids.append(pyramid) }
        return pyramid
    }
}
