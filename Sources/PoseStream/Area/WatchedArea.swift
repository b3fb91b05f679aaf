import Diagnostics
import Geometry
import Media
import Pose

/// Where in the picture people count: a rectangle, a mask, or both.
public struct WatchedArea: Sendable {
    /// The networks look at this rectangle alone, at its full resolution; nil: the whole picture. Pixels of the picture as it is seen.
    public var region: Region?
    /// People are left out whose box lies for more than half in the dark.
    public var mask: AreaMask?

    public struct Region: Sendable, Hashable {
        public var x: Int
        public var y: Int
        public var width: Int
        public var height: Int

        public init(x: Int, y: Int, width: Int, height: Int) {
            (self.x, self.y, self.width, self.height) = (x, y, width, height)
        }

        /// `x,y,w,h` as on the command line.
        public init(_ text: String) throws {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard numbers.count == 4, let x = numbers[0], let y = numbers[1], let width = numbers[2], let height = numbers[3],
                (0..<1 << 20).contains(x), (0..<1 << 20).contains(y), (1..<1 << 20).contains(width), (1..<1 << 20).contains(height)
            else {
                throw Failure(
                    .usage, "wrong region", at: "--roi \(text)", because: "it is not four whole numbers: left, top, width, height",
                    remedy: "--roi 320,0,640,720")
            }
            self.init(x: x, y: y, width: width, height: height)
        }

        var box: Box { Box(x: Double(x), y: Double(y), width: Double(width), height: Double(height)) }
    }

    public init(region: Region? = nil, mask: AreaMask? = nil) {
        self.region = region
        self.mask = mask
    }

    public var isEverywhere: Bool { region == nil && mask == nil }

    /// Whether someone with this box counts: its middle lies in the region, and at least half of it in the light of the mask.
    func counts(_ box: Box, width: Int, height: Int) -> Bool {
        if let region {
            let center = box.center
            guard center.x >= region.box.x - 0.5, center.x < region.box.right - 0.5, center.y >= region.box.y - 0.5,
                center.y < region.box.bottom - 0.5
            else { return false }
        }
        return mask.map { $0.lightShare(of: box, width: width, height: height) >= 0.5 } ?? true
    }

    /// Refuses a region that lies outside the source's picture.
    func check(against source: SourceDescription) throws {
        guard let region, region.x >= source.width || region.y >= source.height else { return }
        throw Failure(
            .usage, "wrong region", at: "--roi \(region.x),\(region.y),\(region.width),\(region.height)",
            because: "the picture has \(source.width)x\(source.height) pixels")
    }
}
