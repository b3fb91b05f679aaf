import CKernels
import Geometry
import Sampling
import TestSupport
import Testing

/// Parts of pictures, against OpenCV 4.8.1 (fixtures/topdown/cpn.json) and against each other.
@Suite("Windows on pictures") struct WindowTests {
    private struct File: Decodable {
        struct Crop: Decodable {
            var picture: String
            var size: [Int]
            var input: [Int]
            var crop_in_padded: [Int]
            var offset: Int
            var bytes: Int
            var border_value_u8: [UInt8]
        }
        var crops: [Crop]
    }

    private func resized(_ picture: TestPicture, _ window: PictureWindow, _ size: InputSize, border: SIMD3<UInt8>, order: ChannelOrder = .rgb)
        -> [UInt8]
    {
        let sampler = InputSampler(
            width: size.width, height: size.height, normalization: PixelNormalization(order: order, scale: [1, 1, 1], bias: [0, 0, 0]))
        var planes = [Float](repeating: -1, count: sampler.count)
        planes.withUnsafeMutableBufferPointer { sampler.resize(picture.image, window: window, border: border, into: $0) }
        return Array(sampler.crop)
    }

    @Test("CPN's crops equal OpenCV's resize of a padded picture within one level, nearly everywhere exactly")
    func crops() throws {
        let blob = try Fixture.bytes("topdown/cpn_crops.bin")
        let file = try Fixture.decode(File.self, from: "topdown/cpn.json")
        #expect(file.crops.count == 5)
        for golden in file.crops {
            let (width, height) = (golden.size[0], golden.size[1])
            let picture = TestPicture(
                rgb: GoldenCropTests.picture(golden.picture, width: width, height: height), width: width, height: height)
            let pad = max(width, height), corners = golden.crop_in_padded
            let window = PictureWindow(
                x: corners[0] - pad, y: corners[1] - pad, width: corners[2] - corners[0], height: corners[3] - corners[1])
            let border = golden.border_value_u8
            let found = resized(
                picture, window, InputSize(width: golden.input[0], height: golden.input[1]), border: SIMD3(border[0], border[1], border[2]))
            let wanted = blob[golden.offset..<golden.offset + golden.bytes]
            let differences = zip(found, wanted).map { abs(Int($0) - Int($1)) }
            #expect(differences.count == golden.bytes)
            #expect(differences.max() ?? 9 <= 1, "\(golden.size)")
            #expect(differences.count { $0 > 0 } * 50 <= golden.bytes, "\(golden.size)")
        }
    }

    @Test("a window on a video frame shows what the same window on its RGB picture shows, with the border around")
    func video() {
        let frame = TestPicture(width: 40, height: 30, depth: 8, shiftX: 1, shiftY: 1, siting: (0, 0.5)) { component, x, y in
            component == 0 ? 60 + 3 * x + y : 110 + component * 8
        }
        // Chroma is the same everywhere, so that its interpolation makes no difference.
        let picture = TestPicture(converting: frame.image)
        let border = SIMD3<UInt8>(103, 116, 123)
        for window in [
            PictureWindow(x: 3, y: 5, width: 21, height: 17), PictureWindow(x: -15, y: -9, width: 80, height: 60),
            PictureWindow(x: 30, y: 20, width: 30, height: 25), PictureWindow(x: -60, y: 100, width: 20, height: 20),
        ] {
            let size = InputSize(width: 48, height: 64)
            let (a, b) = (resized(frame, window, size, border: border), resized(picture, window, size, border: border))
            #expect(zip(a, b).allSatisfy { abs(Int($0) - Int($1)) <= 2 }, "\(window)")
            let turned = resized(picture, window, size, border: SIMD3(border.z, border.y, border.x), order: .bgr)
            for pixel in 0..<48 * 64 {
                let first = 3 * pixel
                #expect(turned[first] == b[first + 2] && turned[first + 1] == b[first + 1])
            }
        }
        let outside = resized(picture, PictureWindow(x: -60, y: 100, width: 20, height: 20), InputSize(width: 2, height: 1), border: border)
        #expect(outside == [103, 116, 123, 103, 116, 123])
    }

    @Test("scaling to floats agrees with scaling to bytes within their rounding, for pictures of every kind")
    func floats() {
        let size = InputSize(width: 53, height: 41), content = InputSize(width: 50, height: 37)
        let plain = PixelNormalization(order: .bgr, scale: [1, 1, 1], bias: [0, 0, 0])
        let pictures = [
            TestPicture(rgb: FormulaStream.grey("floats", height: 30, width: 40), width: 40, height: 30),
            TestPicture(grey: (0..<1200).map { UInt8($0 % 251) }, width: 40, height: 30),
            TestPicture(width: 40, height: 30, depth: 10, shiftX: 1, shiftY: 1, siting: (0, 0.5)) { component, x, y in
                let chroma: Int = 500 + 3 * x * component - 2 * y
                return component == 0 ? 300 + 9 * x + 5 * y : chroma
            },
        ]
        for picture in pictures {
            let sampler = InputSampler(width: size.width, height: size.height, normalization: plain)
            var bytes = [Float](repeating: -1, count: sampler.count), floats = bytes
            bytes.withUnsafeMutableBufferPointer {
                sampler.letterbox(picture.image, contentWidth: content.width, contentHeight: content.height, fill: 7, into: $0)
            }
            floats.withUnsafeMutableBufferPointer {
                plain.resize(
                    picture.image, scale: (50.0 / 40, 37.0 / 30), content: content, rest: [7, 7, 7], size: size, into: $0)
            }
            #expect(zip(bytes, floats).allSatisfy { abs($0 - $1) < 1.1 })
            #expect(floats.contains { $0 != $0.rounded() })
        }
    }

    @Test("mirroring reverses every row")
    func mirror() {
        var values: [Float] = [1, 2, 3, 4, 5, 6]
        values.withUnsafeMutableBufferPointer { mirrorRows($0, width: 3) }
        #expect(values == [3, 2, 1, 6, 5, 4])
    }

    @Test("a picture in a mirror is the picture with its columns in reverse, also where chroma has half the columns", arguments: [7, 8])
    func mirror(width: Int) {
        let rgb = TestPicture(rgb: (0..<width * 4 * 3).map { UInt8($0 * 5 % 251) }, width: width, height: 4)
        let video = TestPicture(width: width, height: 4, depth: 8, shiftX: 1, shiftY: 1, siting: (0.25, 0.5)) { component, x, y in
            component == 0 ? 60 + 9 * x + y : 90 + 13 * x + 7 * component
        }
        for picture in [rgb, video] {
            let size = InputSize(width: width, height: 4)
            func planes(_ image: ps_image) -> [Float] {
                var planes = [Float](repeating: -1, count: 3 * width * 4)
                planes.withUnsafeMutableBufferPointer {
                    PixelNormalization.bytesBGR.resize(image, scale: (1, 1), content: size, rest: .zero, size: size, into: $0)
                }
                return planes
            }
            var turned = planes(picture.image)
            turned.withUnsafeMutableBufferPointer { mirrorRows($0, width: width) }
            #expect(zip(planes(picture.image.mirrored()), turned).allSatisfy { abs($0 - $1) < 1e-3 })
            #expect(planes(picture.image.mirrored().mirrored()) == planes(picture.image))
        }
    }
}
