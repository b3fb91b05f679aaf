import Diagnostics
import Foundation
import Geometry
import Pose

/// OpenSim's marker files: one for each person, `NAME_3.trc`, y upwards, z = 0, a constant rate (times between two frames are
/// interpolated), empty cells where a joint is missing.
///
/// With a height the unit is the metre: the middle one (median) of the person's box heights stands for that height. Without one a
/// pixel is written as a millimetre, as OpenSim knows no pixels.
struct TRCExport: FrameExport {
    private struct Sample {
        /// Number of the frame among those of the records.
        var order: Int
        var time: Double
        var height: Double
        var joints: [Keypoint]
    }

    private let source: ExportSource
    private let options: ExportOptions
    private let folder: OutputFolder
    private let rate: Double
    private var people: [Int: [Sample]] = [:]
    private var lastTime = 0.0
    private var frames = 0

    private static let mostRows = 10_000_000.0

    init(_ source: ExportSource, _ options: ExportOptions, _ folder: OutputFolder) throws {
        (self.source, self.options, self.folder) = (source, options, folder)
        guard let rate = options.rate ?? source.frameRate, rate > 0, rate <= 10_000 else {
            throw Failure(
                .usage, "cannot export", at: source.name, because: "the source has no frame rate and TRC needs one", remedy: "give one with --rate")
        }
        self.rate = rate
    }

    mutating func add(_ frame: FrameResult) throws {
        guard frame.time >= lastTime, frame.time * rate < Self.mostRows else {
            throw Failure(
                .data, "cannot export", at: "frame \(frame.frame)",
                because: frame.time < lastTime ? "its time is before that of the frame before" : "the film is too long for TRC")
        }
        lastTime = frame.time
        frames += 1
        for person in frame.people(options) {
            guard let id = person.id else { continue }
            people[id, default: []].append(Sample(order: frames, time: frame.time, height: person.box.height, joints: person.keypoints))
        }
    }

    func finish() throws {
        let rows = Int((lastTime * rate).rounded()) + 1
        for id in people.keys.sorted() {
            let name = "\(source.name.inFileName)_\(id).trc"
            try folder.write(text(people[id] ?? [], name: name, rows: rows), to: name)
        }
    }

    private func text(_ samples: [Sample], name: String, rows: Int) -> String {
        let scale = scale(samples)
        let markers = source.set.names
        let rateText = String(number: (rate * 1e6).rounded() / 1e6)
        var text = "PathFileType\t4\t(X/Y/Z)\t\(name)\n"
        text += "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n"
        text += "\(rateText)\t\(rateText)\t\(rows)\t\(markers.count)\t\(options.height == nil ? "mm" : "m")\t\(rateText)\t1\t\(rows)\n"
        // Rows end with a tab, as OpenSim writes them: its reader drops the last cell of a row when that is empty.
        text += "Frame#\tTime\t" + markers.map { "\($0)\t\t\t" }.joined() + "\n"
        text += "\t\t" + markers.indices.map { "X\($0 + 1)\tY\($0 + 1)\tZ\($0 + 1)\t" }.joined() + "\n\n"
        var place = 0
        for row in 0..<rows {
            let time = Double(row) / rate
            // The last sample that is not after this time, by more than rounding.
            while place + 1 < samples.count, samples[place + 1].time <= time + 0.1 / rate { place += 1 }
            let cells = markers.indices.map { marker -> String in
                guard let point = point(samples, place, marker, time) else { return "\t\t\t" }
                let (x, y) = (point.x * scale, (Double(source.height) - point.y) * scale)
                return "\(String(x, decimals: 5))\t\(String(y, decimals: 5))\t0.00000\t"
            }
            text += "\(row + 1)\t\(String(time, decimals: 6))\t\(cells.joined())\n"
        }
        return text
    }

    private func scale(_ samples: [Sample]) -> Double {
        let heights = samples.map(\.height).sorted()
        guard let height = options.height, let middle = heights.isEmpty ? nil : heights[heights.count / 2], middle > 0 else { return 1 }
        return height / middle
    }

    /// A joint at a time: the sample's own where there is one, else between those of two frames that follow each other.
    private func point(_ samples: [Sample], _ place: Int, _ marker: Int, _ time: Double) -> Point? {
        func joint(_ index: Int) -> Point? {
            guard samples.indices.contains(index), samples[index].joints.indices.contains(marker), !samples[index].joints[marker].isMissing else {
                return nil
            }
            return samples[index].joints[marker].position
        }
        guard samples.indices.contains(place) else { return nil }
        let first = samples[place]
        if abs(first.time - time) <= 0.1 / rate { return joint(place) }
        guard first.time < time, place + 1 < samples.count, let a = joint(place), let b = joint(place + 1) else { return nil }
        let span = samples[place + 1].time - first.time
        guard span > 0, samples[place + 1].order == first.order + 1 else { return nil }
        return a + (b - a) * ((time - first.time) / span)
    }
}
