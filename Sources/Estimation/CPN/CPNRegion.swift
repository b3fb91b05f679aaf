import Foundation
import Geometry
import Sampling

/// The part of a picture that CPN sees for a box: wider by a tenth and higher by 15 % on each side, brought to the input's
/// aspect, in whole pixels (`attach_data`/`data_augmentation` of the official code; spec: networks-topdown 8.1).
package enum CPNRegion {
    /// The official code pads the picture by its longer side on all sides, so that every crop lies inside; the crop itself
    /// is limited to that padded picture. nil for a box without size or beyond it.
    package static func window(box: Box, picture: InputSize, input: InputSize) -> PictureWindow? {
        let pad = max(picture.width, picture.height)
        // The box is rounded to 32 bits once, everything behind it is computed in 64.
        let x = Double(Float(box.x) + Float(pad)), y = Double(Float(box.y) + Float(pad))
        let width = Double(Float(box.width)), height = Double(Float(box.height))
        let (cropWidth, cropHeight) = (width * (1 + 0.1 * 2), height * (1 + 0.15 * 2))
        let (centerX, centerY) = (x + width / 2, y + height / 2)
        let (inputWidth, inputHeight) = (Double(input.width), Double(input.height))
        let isHigh = cropHeight / inputHeight > cropWidth / inputWidth
        var size = isHigh ? cropHeight : cropWidth
        let side = isHigh ? inputHeight : inputWidth
        let (paddedWidth, paddedHeight) = (Double(picture.width + 2 * pad), Double(picture.height + 2 * pad))
        size = min(
            size, centerX / inputWidth * side * 2 - 1, (paddedWidth - centerX) / inputWidth * side * 2 - 1,
            min(centerY / inputHeight * side * 2 - 1, (paddedHeight - centerY) / inputHeight * side * 2 - 1))
        let (reachX, reachY) = (size / 2 / side * inputWidth, size / 2 / side * inputHeight)
        // Conversion to whole numbers cuts towards zero, as int() does.
        guard size > 0, let left = Int(cutting: centerX - reachX), let right = Int(cutting: centerX + reachX),
            let top = Int(cutting: centerY - reachY), let bottom = Int(cutting: centerY + reachY), right > left, bottom > top
        else { return nil }
        return PictureWindow(x: left - pad, y: top - pad, width: right - left, height: bottom - top)
    }
}

extension Int {
    /// Towards zero; nil for what is no number or beyond any picture.
    fileprivate init?(cutting value: Double) {
        guard value.isFinite, abs(value) < 1e8 else { return nil }
        self.init(value)
    }
}
