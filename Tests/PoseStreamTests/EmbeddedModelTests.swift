import Diagnostics
import Foundation
import PoseStream
import TestSupport
import Testing

@Suite("The networks that the program carries")
struct EmbeddedModelTests {
    private let nothing = ModelLibrary(folders: [])

    private func registered(_ model: EmbeddedModel) throws -> RegisteredModel {
        try #require(ModelRegistry.all.first { $0.source == .program(model) })
    }

    @Test("They are the files that the registry speaks of, together at most 8 MB", arguments: EmbeddedModel.allCases)
    func files(model: EmbeddedModel) throws {
        let file = try nothing.find(registered(model).name)
        let stored = Shared.checkout.appendingPathComponent("Sources/CEmbedded/weights/\(model.fileName)")
        #expect(try Data(contentsOf: stored) == Data(model.bytes), "weights.S was not assembled again: edit its first line")
        #expect(try file.registered?.knows(file.sha256()) == true && file.registered?.bytes == model.bytes.count)
        #expect(file.url == nil && file.place.description == "in the program")
        #expect(EmbeddedModel.allCases.reduce(0) { $0 + $1.bytes.count } <= 8_000_000)
    }

    @Test("models inspect tells what they are, and that they are as small as promised")
    func inspection() throws {
        let limits = [("compact-detector", "compact person detector", 1_500_000), ("compact-pose", "compact SimpleBaseline", 2_500_000)]
        for (name, title, limit) in limits {
            let facts = try ModelInspection(nothing.find(name)).facts
            func fact(_ topic: String) -> String? { facts.first { $0.topic == topic }?.text }
            #expect(fact("file") == "in the program" && fact("architecture") == title && fact("damaged") == nil)
            #expect(try #require(fact("parameters").flatMap { Int($0) }) <= limit)
        }
    }

    @Test("There is nothing to pull")
    func pull() throws {
        let scratch = try Scratch()
        #expect { try ModelPull(folder: scratch.folder).run("compact-pose") } throws: {
            ($0 as? Failure)?.kind == .usage && "\($0)".contains("in the program")
        }
    }

    @Test("Without any model folder the default pipeline takes them, and tells what would be better")
    func withoutFolders() throws {
        let pipeline = try Pipeline(configuration: .named("default"), models: nothing, threads: 1)
        #expect(pipeline.models.map(\.name) == ["compact-detector", "compact-pose"])
        #expect(pipeline.configuration.detect?.model == "compact-detector" && pipeline.configuration.pose.model == "compact-pose")
        #expect(pipeline.betterModels == ["yolox-nano", "ultralight-simplepose"])
        // Who names them has chosen: no advice.
        let chosen = try Pipeline(configuration: .named("embedded"), models: nothing, threads: 1)
        #expect(chosen.models.map(\.name) == pipeline.models.map(\.name) && chosen.betterModels.isEmpty)
        // And the default pipeline uses them as that one does.
        var renamed = pipeline.configuration
        renamed.name = "embedded"
        #expect(renamed == chosen.configuration)
    }

    @Test("What suits them goes with them, and what a user sets stands")
    func settings() throws {
        var mixed = try PipelineConfiguration.named("default")
        try mixed.apply(assignment: "detect.nms=0.7")
        let own = try Pipeline(configuration: mixed, models: nothing, threads: 1).configuration
        #expect(own.detect?.nms == .fixed(0.7) && own.pose.decoder == .fixed(.dark) && own.tracking.highBox == 0.7)
        try mixed.apply(assignment: "detect.nms=auto")
        try mixed.apply(assignment: "pose.decoder=none")
        try mixed.apply(assignment: "track.high_box=0.5")
        let read = try Pipeline(configuration: mixed, models: nothing, threads: 1).configuration
        #expect(read.detect?.nms == .fixed(0.6) && read.pose.decoder == .fixed(.none) && read.tracking.highBox == 0.5)
    }

    @Test("Another pipeline's tracking is taken whole, but for what it leaves to a detector that does not run now")
    func tracking() throws {
        var stored = try PipelineConfiguration.named("embedded")
        try stored.apply(assignment: "track.high_box=0.6")
        var other = try PipelineConfiguration.named("hrnet")
        for setting in ["track.memory=2", "track.smooth=true"] { try other.apply(assignment: setting) }
        stored.takeTracking(of: other)
        #expect(stored.track.memory == 2 && stored.smooth && stored.tracking.highBox == 0.6)
        #expect(stored.detect?.model == "compact-detector")
        // What was set in code counts where nothing else was said.
        var coded = PipelineConfiguration()
        coded.track.highBox = 0.4
        #expect(coded.tracking.highBox == 0.4)
        try other.apply(assignment: "track.high_box=1")
        stored.takeTracking(of: other)
        #expect(stored.tracking.highBox == 1)
    }

    @Test("Published networks are read and suppressed in the usual way", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func settingsOfOthers() throws {
        let library = ModelLibrary(folders: [Shared.file("assets/weights")])
        let published = try Pipeline(configuration: .named("default"), models: library, threads: 1).configuration
        #expect(published.detect?.nms == .fixed(0.65) && published.pose.decoder == .fixed(.quarter) && published.tracking.highBox == 1)
    }

    @Test("Better ones in a model folder go first", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func withFolder() throws {
        let scratch = try Scratch()
        let link = { (file: String) in
            try FileManager.default.createSymbolicLink(at: scratch.file(file), withDestinationURL: Shared.file("assets/weights/\(file)"))
        }
        let names = { try Pipeline(configuration: .named("default"), models: ModelLibrary(folders: [scratch.folder]), threads: 1).models.map(\.name) }
        try link("ultralight_simplepose.onnx")
        #expect(try names() == ["compact-detector", "ultralight-simplepose"])
        try link("yolox_nano.onnx")
        try link("pp_tinypose_256x192.onnx")
        #expect(try names() == ["yolox-nano", "pp-tinypose-256x192"])
    }
}
