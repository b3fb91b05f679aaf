import Diagnostics
import Foundation
import Media
import TestSupport
import Testing

@Suite("Devices", .serialized, .timeLimit(.minutes(Hang.minutes)))
struct DeviceTests {
    @Test("A filter graph generates pictures of the size and length that it says")
    func generated() throws {
        let source = try openSource("lavfi:testsrc2=size=192x108:rate=10:duration=2")
        #expect(source.description.width == 192 && source.description.height == 108 && !source.description.isLive)
        #expect(source.description.frameRate == 10)
        let frames = try allFrames(source)
        #expect(frames.count == 20)
        #expect(abs((frames.last?.time ?? 0) - 1.9) < 1e-6)
        // What ffmpeg itself makes of the graph.
        let truth = try Tool.ffmpeg("-f lavfi -i testsrc2=size=192x108:rate=10:duration=2 -pix_fmt yuv420p -f rawvideo")
        #expect(frames[7].planes == truth[(7 * 192 * 108 * 3 / 2)..<(8 * 192 * 108 * 3 / 2)])
    }

    @Test("What cannot be meant is said before anything is opened", arguments: [
        ("lavfi:", Failure.Kind.usage, "nothing is named"), ("lavfi:nosuchfilter", .usage, "nosuchfilter"),
        ("v4l2:/dev/video987", .noInput, "no such camera"), ("x11grab::987", .unavailable, "no X server"),
    ])
    func refused(argument: String, kind: Failure.Kind, words: String) {
        let failure = #expect(throws: Failure.self) { _ = try openSource(argument) }
        #expect(failure?.kind == kind)
        #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
    }

    @Test("A size, rate or format that a device cannot be told is refused with where it belongs")
    func refusedWishes() {
        var options = SourceOptions()
        options.deviceSize = "320x240"
        let failure = #expect(throws: Failure.self) { _ = try openSource("lavfi:testsrc", options: options) }
        #expect(failure?.kind == .usage && failure?.remedy == "lavfi:testsrc=size=320x240")
        options = SourceOptions()
        options.devicePixelFormat = "mjpeg"
        #expect(throws: Failure.self) { _ = try openSource("x11grab::0", options: options) }
    }

    @Test("A screen that plays a film is a camera: pictures at the rate that was asked for, with the time of their capture; when it goes, that ends in time",
          .enabled(if: VirtualDisplay.isPossible, Comment(rawValue: VirtualDisplay.absent)))
    func screen() throws {
        let display = try VirtualDisplay(width: 640, height: 480)
        let player = try Background(
            ["ffplay", "-loglevel", "quiet", "-loop", "0", "-x", "320", "-y", "240", "-left", "0", "-top", "0", "-noborder", Clips.make("base.mp4").path],
            environment: ["SDL_VIDEODRIVER": "x11", "SDL_AUDIODRIVER": "dummy", "DISPLAY": display.name])
        var options = SourceOptions()
        (options.deviceSize, options.deviceRate) = ("320x240", "20")
        (options.networkTimeout, options.reconnectFor) = (1.5, 1)
        let source = try openSource("x11grab:\(display.name)+0,0", options: options)
        #expect(source.description.isLive && source.description.width == 320 && source.description.height == 240)
        // The player needs a moment to open its window; then its test picture moves.
        var pictures: Set<Data> = []
        var colours: Set<UInt8> = []
        var last: VideoFrame?
        let deadline = ContinuousClock.now + .seconds(20)
        while pictures.count < 20, ContinuousClock.now < deadline, let frame = try source.next() {
            let planes = frame.planes
            let values = Set(planes)
            if values.count > 20 {
                pictures.insert(planes)
                colours.formUnion(values)
            }
            last = frame
        }
        #expect(pictures.count >= 20 && colours.count > 50)
        let mark = try #require(last?.live)
        #expect(abs(Double(mark.wall) / 1e6 - Date().timeIntervalSince1970) < 1)
        #expect(source.description.frameRate == 20)
        // A busy machine takes fewer pictures, none takes more.
        #expect(Double(last?.index ?? 0) / 20 < (last?.time ?? 0) + 0.2)

        player.stop()
        display.close()
        let gone = ContinuousClock.now
        let failure = #expect(throws: Failure.self) { while try source.next() != nil {} }
        #expect(failure?.kind == .unavailable)
        #expect(ContinuousClock.now - gone < .seconds(8))
    }

    @Test("A display is listed with its size, and none is no error",
          .enabled(if: VirtualDisplay.isPossible, Comment(rawValue: VirtualDisplay.absent)))
    func listed() throws {
        let display = try VirtualDisplay(width: 320, height: 200)
        setenv("DISPLAY", display.name, 1)
        defer { unsetenv("DISPLAY") }
        #expect(CaptureDevice.all().contains { $0.input == "x11grab:\(display.name)" && $0.offers == ["320x200"] })
        unsetenv("DISPLAY")
        #expect(!CaptureDevice.all().contains { $0.input.hasPrefix("x11grab") })
    }
}
