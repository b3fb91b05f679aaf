/// A picture that a reference case names instead of holding it: the bytes of `FormulaStream.grey`, in the channel order that
/// the official code reads.
public struct FormulaPicture: Decodable {
    public enum Channels: String, Decodable { case rgb = "RGB", bgr = "BGR" }

    public var name: String
    /// Pixels.
    public var h: Int
    public var w: Int
    public var channels: Channels

    public var picture: TestPicture {
        var bytes = FormulaStream.grey(name, height: h, width: w)
        if channels == .bgr {
            for pixel in stride(from: 0, to: bytes.count, by: 3) { bytes.swapAt(pixel, pixel + 2) }
        }
        return TestPicture(rgb: bytes, width: w, height: h)
    }
}
