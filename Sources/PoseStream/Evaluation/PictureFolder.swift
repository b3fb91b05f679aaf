import Diagnostics
import Foundation
import Media

/// A folder with the pictures that a ground truth names.
struct PictureFolder {
    private let folder: URL

    init(_ folder: URL) {
        self.folder = folder
    }

    /// - Throws: `Failure`: `.noInput` when the picture is not there, `.data` when it is none or the name leads out of the folder.
    func frame(_ name: String) throws -> VideoFrame {
        guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
            throw Failure(.data, "cannot open a picture", at: name, because: "the name leads out of the folder of pictures")
        }
        let path = folder.appendingPathComponent(name).path
        guard let frame = try openSource("file:" + path).next() else {
            throw Failure(.data, "cannot open a picture", at: path, because: "it holds no picture")
        }
        return frame
    }
}
