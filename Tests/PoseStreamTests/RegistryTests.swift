import Diagnostics
import Downloads
import Foundation
import PoseStream
import TestSupport
import Testing

@Suite("The registry and the ways into the model folder")
struct RegistryTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private var folder: URL { scratch.file("models") }

    private func refusal<Result>(_ work: () throws -> Result) -> Failure? {
        do {
            _ = try work()
            return nil
        } catch { return error as? Failure }
    }

    @Test("Every entry is complete: its own name and files, an address that may be read, a plausible SHA-256, licence and accuracy")
    func entries() {
        let all = ModelRegistry.all
        #expect(all.count > 60)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(Set(all.flatMap(\.files)).count == all.flatMap(\.files).count)
        for model in all {
            #expect(!model.licence.isEmpty && !model.accuracy.isEmpty && !model.page.isEmpty && !model.input.isEmpty)
            if case .download(let text) = model.source {
                #expect(model.address?.scheme == "https" && model.address?.host != nil, "\(model.name)")
                // OpenMMLab's and PyTorch's names all carry the first digits.
                if text.contains("openmmlab") || text.contains("pytorch.org") { #expect(model.fingerprint != .unknown, "\(model.name)") }
                // The file is stored under the name by which the publisher's address ends, or the name is ours for one called otherwise.
                #expect(text.hasSuffix(model.files[0]) || model.name == "ultralight-simplepose", "\(model.name)")
            }
            switch model.fingerprint {
            case .sha256(let digits): #expect(digits.count == 64 && digits.allSatisfy { "0123456789abcdef".contains($0) }, "\(model.name)")
            case .prefix(let digits): #expect(digits.count == 8 && model.files[0].contains(digits), "\(model.name)")
            case .unknown: break
            }
            for digest in model.variants { #expect(digest.count == 64) }
            // What can only be had by hand has no address, and says where.
            if model.source == .page { #expect(model.remedy.contains("models add") || model.files[0].hasSuffix(".index")) }
        }
        for system in ["simplebaseline-", "hrnet-", "cpn-", "lightweight-openpose", "multiposenet-", "retinanet-", "yolox-", "nanodet-"] {
            #expect(all.contains { $0.name.hasPrefix(system) })
        }
        #expect(all.first { $0.name == "hrnet-w32-256x192-mmpose" }?.fingerprint == .prefix("81c58e40"))
    }

    @Test("The files that stand beside the checkout are the ones that the registry means", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)), arguments: [
        ("yolox_nano.onnx", "yolox-nano"), ("nanodet_m.onnx", "nanodet-m"), ("ultralight_simplepose.onnx", "ultralight-simplepose"),
        ("pp_tinypose_256x192.onnx", "pp-tinypose-256x192"), ("pp_tinypose_128x96.onnx", "pp-tinypose-128x96"),
    ])
    func sharedFiles(file: String, name: String) throws {
        let url = Shared.file("assets/weights/\(file)")
        let digest = String(try #require(Program(named: "sha256sum")).run([url.path]).text.prefix(64))
        #expect(ModelRegistry.find(sha256: digest)?.name == name)
        #expect(ModelRegistry.find(file: file)?.name == name)
    }

    /// A mirror with a made-up file under every name.
    private func mirror(_ content: Data) throws -> LoopbackServer {
        try LoopbackServer { request, _ in .file(content, for: request) }
    }

    private func pull(_ server: LoopbackServer, unpinned: Bool = false) -> ModelPull {
        var pull = ModelPull(folder: folder)
        pull.mirror = server.url("/files")
        pull.acceptsUnpinned = unpinned
        return pull
    }

    @Test("A file that is not the pinned one never gets a name, whoever serves it")
    func wrongFile() throws {
        let server = try mirror(Data("not a model".utf8))
        for name in ["yolox-tiny", "hrnet-w32-256x192-mmpose"] {
            let failure = try #require(refusal { try pull(server, unpinned: true).run(name) })
            #expect(failure.kind == .data, "\(failure)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        #expect(server.requests.last?.path == "/files/td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth")
    }

    @Test("A file without a known SHA-256 is taken only when the user says so, and from then on only that one")
    func firstUse() throws {
        let server = try mirror(Data("weights".utf8))
        let failure = try #require(refusal { try pull(server).run("lightweight-openpose") })
        #expect(failure.kind == .usage && failure.remedy?.contains("--unpinned") == true)
        #expect(server.requests.isEmpty)
        let first = try pull(server, unpinned: true).run("lightweight-openpose")
        #expect(first.trust == .first && !first.wasPresent)
        // The list is one that sha256sum reads.
        let check = try #require(Program(named: "sha256sum")).run(["--check", "--strict", "SHA256SUMS"], in: folder)
        #expect(check.status == 0, "\(check.errors)")
        let again = try pull(server).run("lightweight-openpose")
        #expect(again.wasPresent && again.trust == .recorded)
        try FileManager.default.removeItem(at: first.file)
        let other = try mirror(Data("other".utf8))
        #expect(refusal { try pull(other, unpinned: true).run("lightweight-openpose") }?.kind == .data)
        #expect(try pull(server).run("lightweight-openpose").trust == .recorded)
    }

    @Test("Another file of the same name is not overwritten unasked")
    func existing() throws {
        let server = try mirror(Data("weights".utf8))
        _ = try pull(server, unpinned: true).run("lightweight-openpose")
        try Data("mine".utf8).write(to: folder.appendingPathComponent("checkpoint_iter_370000.pth"))
        let failure = try #require(refusal { try pull(server).run("lightweight-openpose") })
        #expect(failure.kind == .data && failure.remedy?.contains("--force") == true)
        var forced = pull(server)
        forced.replaces = true
        #expect(try forced.run("lightweight-openpose").wasPresent == false)
    }

    @Test("What is on a file-sharing page only says where; a name that is none says what is near")
    func byHand() throws {
        let failure = try #require(refusal { try ModelPull(folder: folder).run("hrnet-w32-256x192") })
        #expect(failure.kind == .unavailable && failure.why.contains("drive.google.com") && failure.remedy?.contains("models add") == true)
        let typo = try #require(refusal { try ModelPull(folder: folder).run("yolox-nan") })
        #expect(typo.kind == .usage && typo.remedy?.contains("yolox-nano") == true)
    }

    @Test("A damaged checksum list is not taken for an empty one")
    func damagedList() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("nonsense\n".utf8).write(to: folder.appendingPathComponent("SHA256SUMS"))
        let failure = try #require(refusal { try pull(mirror(Data("x".utf8)), unpinned: true).run("lightweight-openpose") })
        #expect(failure.kind == .data && failure.place.hasSuffix("SHA256SUMS:1"))
    }

    @Test("models add recognises a file by its SHA-256 whatever it is called", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func addByDigest() throws {
        let copy = scratch.file("download (3).onnx")
        try FileManager.default.copyItem(at: Shared.file("assets/weights/pp_tinypose_128x96.onnx"), to: copy)
        let result = try ModelAdd(folder: folder).run(copy.path)
        #expect(result.name == "pp-tinypose-128x96" && result.file.lastPathComponent == "pp_tinypose_128x96.onnx" && result.notes.isEmpty)
        #expect(try ModelLibrary(folders: [folder]).find("pp-tinypose-128x96").url?.path == result.file.path)
        // A second time is no mistake.
        #expect(try ModelAdd(folder: folder).run(copy.path).name == "pp-tinypose-128x96")
        let own = try ModelAdd(folder: folder).run(copy.path, name: "mine")
        #expect(own.registered == nil && own.file.lastPathComponent == "mine.onnx")
    }

    @Test("models add refuses what its name does not fit, and what is no model", .enabled(if: Shared.isPresent, Comment(rawValue: Shared.absent)))
    func addRefusals() throws {
        let pose = Shared.file("assets/weights/pp_tinypose_128x96.onnx").path
        let wrong = try #require(refusal { try ModelAdd(folder: folder).run(pose, name: "yolox-tiny") })
        #expect(wrong.kind == .data && wrong.why.contains("yolox-tiny"))
        try Data("hello".utf8).write(to: scratch.file("x.onnx"))
        #expect(refusal { try ModelAdd(folder: folder).run(scratch.path("x.onnx")) }?.kind == .data)
        let evil = Shared.file("reference/topdown/checkpoints/evil_zip.pth").path
        #expect(refusal { try ModelAdd(folder: folder).run(evil) }?.kind == .data)
        #expect(refusal { try ModelAdd(folder: folder).run(pose, name: "../x") }?.kind == .usage)
        #expect(refusal { try ModelAdd(folder: folder).run(scratch.path("none.onnx")) }?.kind == .noInput)
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }
}
