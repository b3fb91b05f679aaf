/// Places blocks with lifetimes in one piece of memory so that blocks that live at the same time never overlap.
///
/// First fit, largest blocks first: near the lower bound (the largest sum of blocks alive at once) on real networks.
struct ArenaLayout {
    struct Block {
        var byteCount: Int
        /// First and last step in which the block is in use.
        var lifetime: ClosedRange<Int>
    }

    static let alignment = 64

    /// Start of each block, a multiple of 64.
    let offsets: [Int]
    let byteCount: Int

    /// nil when the blocks do not fit into `limit` bytes.
    init?(_ blocks: [Block], limit: Int) {
        var offsets = [Int](repeating: 0, count: blocks.count)
        var end = 0
        let bySize = blocks.indices.sorted {
            (blocks[$1].byteCount, blocks[$0].lifetime.lowerBound, $0) < (blocks[$0].byteCount, blocks[$1].lifetime.lowerBound, $1)
        }
        var placed: [(offset: Int, end: Int, lifetime: ClosedRange<Int>)] = []  // by offset
        for index in bySize {
            let block = blocks[index]
            guard block.byteCount <= limit else { return nil }
            let size = (block.byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
            var offset = 0
            for other in placed where other.lifetime.overlaps(block.lifetime) {
                if offset + size <= other.offset { break }
                offset = max(offset, other.end)
            }
            guard offset + size <= limit else { return nil }
            offsets[index] = offset
            end = max(end, offset + size)
            if size > 0 {
                var low = 0, high = placed.count
                while low < high {
                    let middle = (low + high) / 2
                    if placed[middle].offset < offset { low = middle + 1 } else { high = middle }
                }
                placed.insert((offset, offset + size, block.lifetime), at: low)
            }
        }
        self.offsets = offsets
        self.byteCount = end
    }
}
