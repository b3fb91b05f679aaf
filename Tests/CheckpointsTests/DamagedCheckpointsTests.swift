import Checkpoints
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite("Damaged weight files")
struct DamagedCheckpointsTests {
    private static let goodFiles = [
        "plain_zip.pth", "plain_legacy.pth", "plain.safetensors", "deflated_zip.pth", "types_zip.pth", "types_legacy.pth",
        "views_legacy.pth", "mmlike_zip.pth", "wrapped_legacy.pth.tar",
    ]

    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Shared.fixture("checkpoints/\(name)")))
    }

    @Test("a file cut at any byte is refused", arguments: goodFiles)
    func cuts(_ name: String) throws {
        let whole = try bytes(name)
        for length in 0..<whole.count {
            try withTemporaryFile(Array(whole[..<length])) { url in
                let failure = #expect(throws: Failure.self, "cut to \(length)") { try Checkpoint.load(contentsOf: url) }
                #expect(failure?.exitCode == 65)
            }
        }
    }

    @Test("any change of bytes either loads or is refused, without a crash", arguments: goodFiles + ["evil_zip.pth", "evil_legacy_p0.pth", "whole_module_zip.pth"])
    func flips(_ name: String) throws {
        let whole = try bytes(name)
        var random = SplitMix64(state: UInt64(whole.count))
        for _ in 0..<1500 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            try withTemporaryFile(damaged) { url in
                do {
                    let checkpoint = try Checkpoint.load(contentsOf: url)
                    // What loads must be whole: every element can be read.
                    _ = checkpoint.firstNonFinite()
                    #expect(checkpoint.names.allSatisfy { checkpoint.tensors[$0] != nil })
                } catch let failure as Failure {
                    #expect(failure.exitCode == 65)
                }
            }
        }
        #expect(!FileManager.default.fileExists(atPath: "posestream-pwned"))
    }

    @Test("a pickle of one opcode repeated neither crashes nor takes memory without bound")
    func monotonous() throws {
        // The file's first parts up to the malicious object, then 200 000 times the same opcode.
        let file = try bytes("evil_inst_legacy.pth")
        let prefix = Array(file[..<(try #require(file.lastIndex(of: UInt8(ascii: "("))))])
        for opcode in UInt8.min...UInt8.max {
            try withTemporaryFile(prefix + [UInt8](repeating: opcode, count: 200_000)) { url in
                _ = #expect(throws: Failure.self) { try Checkpoint.load(contentsOf: url) }
            }
        }
    }

    @Test("a deflated member that claims far more than it can hold is refused before memory is taken")
    func deflateBomb() throws {
        // In the directory and the local header of every member: an unpacked size of almost 4 GB.
        var bytes = try bytes("deflated_zip.pth")
        for index in bytes.indices.dropLast(46) where bytes[index] == 0x50 && bytes[index + 1] == 0x4B {
            if bytes[index + 2] == 1 { bytes.replaceSubrange(index + 24..<index + 28, with: [0xFE, 0xFF, 0xFF, 0xFF]) }
        }
        try withTemporaryFile(bytes) { url in
            let failure = #expect(throws: Failure.self) { try Checkpoint.load(contentsOf: url) }
            #expect(failure?.why.contains("packed ones can hold") == true, "\(failure?.description ?? "")")
        }
    }
}

/// Random numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
