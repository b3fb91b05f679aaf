import CKernels
import Crypto
import Diagnostics
import Foundation
import Geometry
import Media

/// A picture that says where people count: light where they do, dark where they do not. It is stretched over the frame, whatever its size.
public struct AreaMask: Sendable, Hashable {
    /// SHA-256 of the file, so that a later run knows whether it uses the same mask.
    public let sha256: String
    private let width: Int
    private let height: Int
    /// Light pixels above and left of each corner: (width + 1) * (height + 1) sums.
    private let sums: [Int32]

    /// Reads any picture; of a film the first frame.
    /// - Throws: `Failure` when it cannot be read (`.noInput`, `.data`).
    public init(file: String) throws {
        let source = try VideoFileSource(path: file)
        guard let frame = try source.next() else {
            throw Failure(.data, "cannot read mask", at: file, because: "it holds no picture")
        }
        guard frame.width * frame.height <= 1 << 26 else {
            throw Failure(.data, "cannot read mask", at: file, because: "more than 64 million pixels", remedy: "a small picture will do: it is stretched over the frame")
        }
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe) else {
            throw Failure(.noInput, "cannot read mask", at: file, because: "reading failed")
        }
        let digest = SHA256.hash(data: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        self.init(frame, sha256: digest)
    }

    init(_ frame: VideoFrame, sha256: String) {
        self.sha256 = sha256
        (width, height) = (frame.width, frame.height)
        var sums = [Int32](repeating: 0, count: (frame.width + 1) * (frame.height + 1))
        let row = frame.width + 1
        frame.withImage { image in
            for y in 0..<frame.height {
                var sum: Int32 = 0
                for x in 0..<frame.width {
                    if image.isLight(x, y) { sum += 1 }
                    sums[(y + 1) * row + x + 1] = sums[y * row + x + 1] + sum
                }
            }
        }
        self.sums = sums
    }

    /// The share of a box, 0 to 1, that lies in the light, in a frame of `width` x `height` pixels. What lies outside the frame counts
    /// neither way; a box wholly outside has no light.
    func lightShare(of box: Box, width: Int, height: Int) -> Double {
        func place(_ value: Double, _ size: Int, _ cells: Int) -> Int {
            guard value.isFinite, size > 0 else { return 0 }
            return Int((min(max(value / Double(size), 0), 1) * Double(cells)).rounded())
        }
        var (left, right) = (place(box.x, width, self.width), place(box.right, width, self.width))
        var (top, bottom) = (place(box.y, height, self.height), place(box.bottom, height, self.height))
        // A box smaller than a cell of the mask looks at the cell that it lies in.
        if right == left { (left, right) = left == self.width ? (left - 1, left) : (left, left + 1) }
        if bottom == top { (top, bottom) = top == self.height ? (top - 1, top) : (top, top + 1) }
        let row = self.width + 1
        let light = sums[bottom * row + right] - sums[top * row + right] - sums[bottom * row + left] + sums[top * row + left]
        return Double(light) / Double((right - left) * (bottom - top))
    }
}

extension ps_image {
    /// At least half of the full brightness; for RGB of the green, which carries most of it.
    fileprivate func isLight(_ x: Int, _ y: Int) -> Bool {
        let component = kind == PS_IMAGE_RGB ? c.1 : c.0
        guard let base = component.base else { return false }
        let sample = base + (y >> Int(component.shift_y)) * component.row + (x >> Int(component.shift_x)) * Int(component.step)
        let value = sample_bytes == 1 ? Int(sample[0]) : (Int(sample[0]) | Int(sample[1]) << 8)
        let eightBit = Float(value) / Float(1 << max(0, Int(depth) - 8))
        return (kind == PS_IMAGE_RGB ? eightBit : y_scale * (eightBit - y_offset)) >= 127.5
    }
}
