import Geometry
import Sampling

/// How a picture lies in a network's input: scaled into the left upper corner.
struct Letterbox {
    /// Pixels of the input that the picture covers.
    var contentWidth: Int
    var contentHeight: Int
    /// Input pixels for each picture pixel.
    var scaleX: Double
    var scaleY: Double

    /// The largest scale at which the whole picture fits; sizes rounded as the network's own code does.
    init(picture: InputSize, into input: InputSize, rounding: FloatingPointRoundingRule) {
        let (width, height) = (Double(max(picture.width, 1)), Double(max(picture.height, 1)))
        let scale = min(Double(input.width) / width, Double(input.height) / height)
        contentWidth = min(max(Int((width * scale).rounded(rounding)), 1), input.width)
        contentHeight = min(max(Int((height * scale).rounded(rounding)), 1), input.height)
        (scaleX, scaleY) = (scale, scale)
    }

    /// The picture stretched over the whole input.
    init(stretching picture: InputSize, into input: InputSize) {
        (contentWidth, contentHeight) = (input.width, input.height)
        scaleX = Double(input.width) / Double(max(picture.width, 1))
        scaleY = Double(input.height) / Double(max(picture.height, 1))
    }

    /// From input pixels to picture pixels.
    func back(_ box: Box) -> Box {
        Box(x: box.x / scaleX, y: box.y / scaleY, width: box.width / scaleX, height: box.height / scaleY)
    }
}
