import CKernels

/// A map in the fast kernels' layout while a plan is made: [N, C/16, H + 2 halo, W + 2 halo, 16], or interleaved colours
/// [N, H + 2 halo, W + 2 halo, 3]. Its halo is known when all its readers are.
struct BlockedMap {
    static let lanes = 16

    var batch, channels, height, width: Int
    var isInterleaved = false
    /// bf16, half the bytes.
    var isPaired = false
    /// The map of which this one is some blocks, and the first of them.
    var parent: (map: Int, block: Int)?

    var blocks: Int { (channels + Self.lanes - 1) / Self.lanes }

    /// Floats of one plane of a block.
    func plane(halo: Int) -> Int { (height + 2 * halo) * (width + 2 * halo) * (isInterleaved ? 3 : Self.lanes) }

    /// Floats from one picture to the next, when the map stands alone.
    func image(halo: Int) -> Int { (isInterleaved ? 1 : blocks) * plane(halo: halo) }

    /// As kernels see it; `image` is that of the whole map of which it is a part.
    func shape(halo: Int, image: Int) -> ps_map {
        ps_map(
            batch: Int32(batch), channels: Int32(channels), height: Int32(height), width: Int32(width), halo: Int32(halo), image: image)
    }

    /// Whether a tensor of this shape can be a map: sizes that the kernels' 32-bit arithmetic holds.
    static func fits(_ shape: [Int]) -> Bool {
        guard shape.count == 4, shape.allSatisfy({ $0 >= 1 }) else { return false }
        guard shape[0] <= 4096, shape[1] <= 1 << 16, shape[2] <= 1 << 14, shape[3] <= 1 << 14 else { return false }
        // With few channels and many pixels most of each block would be empty.
        return shape[0] * ((shape[1] + lanes - 1) / lanes * lanes) * (shape[2] + 2) * (shape[3] + 2) <= 1 << 29
    }
}

/// Where the channels of a value come from, in order: what concat, split, slice and shuffle do, before anything is moved.
struct ChannelRouting {
    struct Source: Equatable {
        var map: Int
        var channel: Int
    }

    var sources: [Source]

    init(_ sources: [Source]) { self.sources = sources }

    init(all channels: Int, of map: Int) { sources = (0..<channels).map { Source(map: map, channel: $0) } }

    /// The maps, each once, in order of appearance.
    var maps: [Int] {
        var seen = Set<Int>()
        return sources.map(\.map).filter { seen.insert($0).inserted }
    }
}
