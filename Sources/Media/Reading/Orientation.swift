import CFFmpeg

/// How a stored picture is turned to stand upright: one of the eight ways to lay a rectangle on its own shape.
///
/// Pixel (i, j) of the upright picture is pixel (x, y) of the stored one: x is i, or j when `transposes`, counted from the
/// right edge when `mirrorsX`; y is the other of the two, counted from below when `mirrorsY`.
package struct Orientation: Sendable, Hashable {
    package var transposes = false
    package var mirrorsX = false
    package var mirrorsY = false

    package static let upright = Orientation()

    package init(transposes: Bool = false, mirrorsX: Bool = false, mirrorsY: Bool = false) {
        self.transposes = transposes
        self.mirrorsX = mirrorsX
        self.mirrorsY = mirrorsY
    }

    /// From FFmpeg's display matrix, nine 16.16 numbers row by row: the stored (x, y) is shown at
    /// (m0 x + m3 y, m1 x + m4 y). Other angles are rounded to a quarter turn.
    package init(displayMatrix m: [Int32]) {
        guard m.count == 9 else { return }
        let (right, down) = ((x: Int64(m[0]), y: Int64(m[1])), (x: Int64(m[3]), y: Int64(m[4])))
        transposes = abs(right.y) + abs(down.x) > abs(right.x) + abs(down.y)
        mirrorsX = (transposes ? right.y : right.x) < 0
        mirrorsY = (transposes ? down.x : down.y) < 0
    }

    /// From the Exif tag "Orientation", 1 to 8; nil for anything else.
    package init?(exif: Int) {
        switch exif {
        case 1: self.init()
        case 2: self.init(mirrorsX: true)
        case 3: self.init(mirrorsX: true, mirrorsY: true)
        case 4: self.init(mirrorsY: true)
        case 5: self.init(transposes: true)
        case 6: self.init(transposes: true, mirrorsY: true)
        case 7: self.init(transposes: true, mirrorsX: true, mirrorsY: true)
        case 8: self.init(transposes: true, mirrorsX: true)
        default: return nil
        }
    }

    /// Degrees clockwise by which the stored picture is turned; a mirror image is not told from a turn here.
    package var clockwiseDegrees: Int {
        if transposes { return mirrorsX ? 270 : 90 }
        return mirrorsX && mirrorsY ? 180 : 0
    }

    /// The size as seen of a stored size.
    package func size(ofStored width: Int, _ height: Int) -> (width: Int, height: Int) {
        transposes ? (height, width) : (width, height)
    }
}

extension Orientation {
    /// Nine numbers of a side-data block; nil when it is too short.
    init?(sideData: UnsafePointer<UInt8>?, byteCount: Int) {
        guard let sideData, byteCount >= 36 else { return nil }
        self.init(displayMatrix: (0..<9).map { UnsafeRawPointer(sideData).loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) })
    }

    /// What the container says of a stream.
    init?(of stream: UnsafeMutablePointer<AVStream>) {
        var size = 0
        let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size)
        self.init(sideData: data, byteCount: size)
    }

    /// What a picture says of itself: its own display matrix (JPEG with Exif, HEVC) or its Exif tag (WebP).
    init?(of frame: UnsafeMutablePointer<AVFrame>) {
        if let side = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX) {
            self.init(sideData: side.pointee.data, byteCount: Int(side.pointee.size))
        } else if let entry = av_dict_get(frame.pointee.metadata, "Orientation", nil, 0), let value = entry.pointee.value {
            let digits = String(cString: value).filter(\.isNumber)
            guard let tag = Int(digits) else { return nil }
            self.init(exif: tag)
        } else {
            return nil
        }
    }
}
