import CFFmpeg

/// Where the chroma samples of a subsampled picture lie, in luma pixels from the first one.
struct ChromaSiting: Sendable, Equatable {
    var x: Float
    var y: Float

    /// - Parameter isJPEG: for a picture that does not say it: JPEG centres chroma in both directions, MPEG sets it left.
    init(_ location: AVChromaLocation, shiftX: Int, shiftY: Int, isJPEG: Bool) {
        let (centreX, centreY) = (Float((1 << shiftX) - 1) / 2, Float((1 << shiftY) - 1) / 2)
        let (bottom, left, top) = (Float((1 << shiftY) - 1), Float(0), Float(0))
        (x, y) = switch location {
        case AVCHROMA_LOC_LEFT: (left, centreY)
        case AVCHROMA_LOC_CENTER: (centreX, centreY)
        case AVCHROMA_LOC_TOPLEFT: (left, top)
        case AVCHROMA_LOC_TOP: (centreX, top)
        case AVCHROMA_LOC_BOTTOMLEFT: (left, bottom)
        case AVCHROMA_LOC_BOTTOM: (centreX, bottom)
        default: isJPEG ? (centreX, centreY) : (left, centreY)
        }
    }

    /// The place after a stored picture of `width` x `height` was turned. Mirroring an odd width moves the grid by one
    /// luma column, so the place may be negative.
    func turned(_ orientation: Orientation, width: Int, height: Int, shiftX: Int, shiftY: Int) -> ChromaSiting {
        func mirrored(_ place: Float, _ size: Int, _ shift: Int) -> Float {
            let chromaSize = (size + (1 << shift) - 1) >> shift
            return Float(size - 1 - ((chromaSize - 1) << shift)) - place
        }
        var result = self
        if orientation.mirrorsX { result.x = mirrored(x, width, shiftX) }
        if orientation.mirrorsY { result.y = mirrored(y, height, shiftY) }
        if orientation.transposes { (result.x, result.y) = (result.y, result.x) }
        return result
    }

    /// FFmpeg's nearest name of this place at the given subsampling, for a frame that goes on to swscale.
    func location(shiftX: Int, shiftY: Int) -> AVChromaLocation {
        let isLeft = shiftX == 0 || x <= 0.25
        let relativeY = shiftY == 0 ? 0.5 : y / Float((1 << shiftY) - 1)
        if relativeY < 0.25 { return isLeft ? AVCHROMA_LOC_TOPLEFT : AVCHROMA_LOC_TOP }
        if relativeY > 0.75 { return isLeft ? AVCHROMA_LOC_BOTTOMLEFT : AVCHROMA_LOC_BOTTOM }
        return isLeft ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_CENTER
    }
}
