import Foundation
import Pose

/// "CVAT for video 1.1": a track for each id, of skeletons, points or boxes. Behind the last shape of a run stands the same shape
/// with outside="1", since CVAT draws a shape until it is told otherwise.
struct CVATExport: FrameExport {
    private let source: ExportSource
    private let options: ExportOptions
    private let output: OutputText
    private var frames = 0
    private var stop = 0
    private var tracks: [Int: [(frame: Int, person: Person)]] = [:]

    init(_ source: ExportSource, _ options: ExportOptions, _ output: OutputText) {
        (self.source, self.options, self.output) = (source, options, output)
    }

    mutating func add(_ frame: FrameResult) {
        frames += 1
        stop = frame.frame
        for person in frame.people(options) {
            if let id = person.id { tracks[id, default: []].append((frame.frame, person)) }
        }
    }

    func finish() throws {
        try output.write("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n  <version>1.1</version>\n\(meta)")
        for (number, id) in tracks.keys.sorted().enumerated() {
            try output.write("  <track id=\"\(number)\" label=\"person\" source=\"auto\">\n")
            let shapes = tracks[id] ?? []
            for (index, shape) in shapes.enumerated() {
                try output.write(self.shape(shape.person, frame: shape.frame, isOutside: false))
                let next = index + 1 < shapes.count ? shapes[index + 1].frame : stop + 1
                // Seen in the next frame again, or the film ends here.
                if next > shape.frame + 1, shape.frame < stop {
                    try output.write(self.shape(shape.person, frame: shape.frame + 1, isOutside: true))
                }
            }
            try output.write("  </track>\n")
        }
        try output.write("</annotations>\n")
        try output.finish()
    }

    private var meta: String {
        let kind = switch options.shape {
        case .skeleton: "skeleton"
        case .points: "points"
        case .box: "rectangle"
        }
        var labels = "        <label>\n          <name>person</name>\n          <type>\(kind)</type>\n          <attributes></attributes>\n        </label>\n"
        if options.shape == .skeleton {
            for name in source.set.names {
                labels += "        <label>\n          <name>\(name.inXML)</name>\n          <type>points</type>\n          <attributes></attributes>\n"
                    + "          <parent>person</parent>\n        </label>\n"
            }
        }
        return """
              <meta>
                <task>
                  <name>\(source.name.inXML)</name>
                  <size>\(stop + 1)</size>
                  <mode>interpolation</mode>
                  <overlap>0</overlap>
                  <start_frame>0</start_frame>
                  <stop_frame>\(stop)</stop_frame>
                  <labels>
            \(labels)      </labels>
                  <original_size>
                    <width>\(source.width)</width>
                    <height>\(source.height)</height>
                  </original_size>
                </task>
              </meta>

            """
    }

    private func shape(_ person: Person, frame: Int, isOutside: Bool) -> String {
        let outside = isOutside ? 1 : 0
        // A track that only lives on is hidden or out of sight.
        let occluded = person.state == .coasting ? 1 : 0
        func place(_ joint: Keypoint) -> String { "\(String(joint.position.x, decimals: 2)),\(String(joint.position.y, decimals: 2))" }
        switch options.shape {
        case .box:
            let box = person.box
            let sides = zip(["xtl", "ytl", "xbr", "ybr"], [box.x, box.y, box.right, box.bottom])
                .map { "\($0)=\"\(String($1, decimals: 2))\"" }.joined(separator: " ")
            return "    <box frame=\"\(frame)\" outside=\"\(outside)\" occluded=\"\(occluded)\" keyframe=\"1\" \(sides) z_order=\"0\"></box>\n"
        case .points:
            let points = person.keypoints.filter { !$0.isMissing }.map(place).joined(separator: ";")
            guard !points.isEmpty else { return "" }
            return "    <points frame=\"\(frame)\" outside=\"\(outside)\" occluded=\"\(occluded)\" keyframe=\"1\" points=\"\(points)\" z_order=\"0\"></points>\n"
        case .skeleton:
            let joints = zip(source.set.names, person.keypoints).map { name, joint in
                "      <points label=\"\(name.inXML)\" keyframe=\"1\" outside=\"\(joint.isMissing ? 1 : outside)\" occluded=\"\(occluded)\" "
                    + "points=\"\(place(joint))\"></points>\n"
            }.joined()
            return "    <skeleton frame=\"\(frame)\" keyframe=\"1\" z_order=\"0\">\n\(joints)    </skeleton>\n"
        }
    }
}
