import Engine
import Foundation
import Media

/// What this machine offers to posestream and what is missing.
public struct Doctor: Sendable {
    public struct Finding: Sendable {
        public var topic: String
        public var text: String
        /// What to do about it; nil when all is well.
        public var remedy: String?
    }

    public var findings: [Finding]

    /// The processor's name.
    public static var processor: String { Processor.name }

    /// What is missing, one line each.
    public var missing: [String] { findings.compactMap { finding in finding.remedy.map { "\(finding.topic): \(finding.text) (\($0))" } } }

    /// Looks at the processor, the FFmpeg libraries and the model folders.
    public static func examine(models library: ModelLibrary) -> Doctor {
        var findings = [
            Finding(topic: "posestream", text: Versions.program),
            Finding(topic: "processor", text: "\(Processor.name), \(ProcessInfo.processInfo.activeProcessorCount) cores, \(Processor.features.joined(separator: " "))"),
            kernels(),
            Finding(topic: "memory", text: RunSummary.size(Int(clamping: ProcessInfo.processInfo.physicalMemory))),
            Finding(
                topic: "ffmpeg",
                text: "\(FFmpegFacts.version) (" + FFmpegFacts.libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ") + "), \(FFmpegFacts.licence)"),
        ]
        findings += [decoders(), encoders(), protocols(), devices()]
        findings += models(library)
        return Doctor(findings: findings)
    }

    /// Which of its instructions the networks run on.
    private static func kernels() -> Finding {
        let names = InstructionSet.available.map(\.name).joined(separator: ", ")
        do {
            let set = try InstructionSet.wanted()
            return Finding(topic: "kernels", text: "\(set.name)\(set.multipliesBFloat16 ? " with bf16" : "") (of \(names))")
        } catch {
            return Finding(topic: "kernels", text: "POSESTREAM_ISA names none of \(names)", remedy: "name one of these or leave it unset")
        }
    }

    /// Registered models that are there, and what the default pipeline makes of them. Nothing is missing: the program carries two.
    private static func models(_ library: ModelLibrary) -> [Finding] {
        let standard = PipelineConfiguration(name: "default")
        let named = standard.naming(modelsIn: library)
        let better = standard.betterModels(than: named)
        let used = [named.detect?.model, named.pose.model].compactMap { $0 }.joined(separator: ", ")
        let found = ModelRegistry.all.compactMap { model in
            library.locate(model).map { Finding(topic: model.name, text: "\($0)") }
        }
        return found + [
            Finding(
                topic: "default pipeline",
                text: used + (better.isEmpty ? "" : " (better ones: posestream models pull \(better.joined(separator: " ")))"))
        ]
    }

    private static func decoders() -> Finding {
        let wanted = ["h264", "hevc", "vp9", "av1", "libdav1d", "mpeg4", "mjpeg", "png"]
        let present = FFmpegFacts.decoders(of: wanted)
        return Finding(
            topic: "decoders", text: present.joined(separator: " "),
            remedy: present.contains("h264") ? nil : "install an FFmpeg with H.264 (Debian: apt install libavcodec59)")
    }

    private static func encoders() -> Finding {
        let wanted = ["libx264", "libopenh264", "libvpx-vp9", "mpeg4", "mjpeg"]
        let present = FFmpegFacts.encoders(of: wanted)
        let playsInBrowsers = present.contains { $0.contains("264") }
        return Finding(
            topic: "encoders", text: present.joined(separator: " "),
            remedy: playsInBrowsers ? nil : "annotated video will not be H.264: install an FFmpeg with libx264")
    }

    private static func protocols() -> Finding {
        Finding(topic: "protocols", text: FFmpegFacts.protocols(of: ["file", "pipe", "http", "https", "rtsp", "rtp", "udp", "srt", "tcp"]).joined(separator: " "))
    }

    private static func devices() -> Finding {
        let found = InputDevices.all().map(\.input)
        return Finding(
            topic: "devices", text: FFmpegFacts.devices.joined(separator: " ") + (found.isEmpty ? ", nothing attached" : ": " + found.joined(separator: " ")))
    }

    /// A line a finding; what is missing at the end.
    public var text: String {
        let width = findings.map(\.topic.count).max() ?? 0
        let lines = findings.map { finding in
            let mark = finding.remedy == nil ? "ok  " : "MISS"
            return "\(mark)  \(finding.topic.padding(toLength: width, withPad: " ", startingAt: 0))  \(finding.text)"
                + (finding.remedy.map { "\n      \(String(repeating: " ", count: width))-> \($0)" } ?? "")
        }
        return lines.joined(separator: "\n")
    }

    /// The same as one JSON object: {"findings": [{"topic", "text", "remedy"}], "missing": [...]}.
    public func json() throws -> String {
        struct Row: Encodable {
            var topic: String
            var text: String
            var remedy: String?
        }
        struct Report: Encodable {
            var findings: [Row]
            var missing: [String]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let report = Report(findings: findings.map { Row(topic: $0.topic, text: $0.text, remedy: $0.remedy) }, missing: missing)
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}

/// What the kernel says of the processor.
enum Processor {
    static var name: String { field("model name") ?? "unknown processor" }

    /// The instruction sets that matter to the kernels.
    static var features: [String] {
        let flags = Set((field("flags") ?? field("Features") ?? "").split(separator: " ").map(String.init))
        return ["avx2", "fma", "avx512f", "avx512bw", "avx512_bf16", "avx512_vnni", "asimd", "bf16", "i8mm"].filter(flags.contains)
    }

    private static func field(_ key: String) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix(key) }?.split(separator: ":", maxSplits: 1).last
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
