import ArgumentParser
import Diagnostics
import PoseStream

/// Which pictures of the input are looked at, and where in them.
struct PartArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Begin at this time: seconds or [hh:]mm:ss[.fff]. Frame numbers stay those of the whole film.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("End before this time; the parts up to T and from T share no frame and miss none.", valueName: "time"))
    var to: String?

    @Option(help: ArgumentHelp("Only frames whose number is a multiple of N.", valueName: "n"))
    var every: Int?

    @Option(help: ArgumentHelp("At most so many frames a second.", valueName: "rate"))
    var maxFps: Double?

    @Option(help: ArgumentHelp("Look only at this rectangle, in pixels; coordinates stay those of the whole picture.", valueName: "x,y,w,h"))
    var roi: String?

    @Option(help: ArgumentHelp("A picture, stretched over the frame: people who stand mostly in its dark parts are left out.", valueName: "file"))
    var mask: String?

    @Flag(help: "Give no ids: frames stand for themselves, to be linked later by retrack.")
    var noTrack = false

    @Flag(help: "Keep in each line how the picture moved, so that retrack links people as well as a run over the whole.")
    var storeFlow = false

    /// - Throws: `Failure` of kind `.usage`, or what the mask's file throws.
    func options(precision: NetworkPrecision) throws -> RunOptions {
        var options = RunOptions()
        options.precision = precision
        options.frames.from = try from.map { try TimeText.seconds($0, option: "--from") }
        options.frames.to = try to.map { try TimeText.seconds($0, option: "--to") }
        if let from = options.frames.from, let to = options.frames.to, to <= from {
            throw Failure(.usage, "empty part", at: "--from \(self.from ?? "") --to \(self.to ?? "")", because: "it ends before it begins")
        }
        if let every {
            guard (1...1_000_000).contains(every) else {
                throw Failure(.usage, "wrong step", at: "--every \(every)", because: "it is not a whole number from 1 to 1000000")
            }
            options.frames.every = every
        }
        if let maxFps {
            guard maxFps >= 0.0001, maxFps <= 100_000 else {
                throw Failure(.usage, "wrong rate", at: "--max-fps \(maxFps)", because: "it is not a number from 0.0001 to 100000")
            }
            options.frames.maximumRate = maxFps
        }
        options.area.region = try roi.map { try WatchedArea.Region($0) }
        options.area.mask = try mask.map { try AreaMask(file: $0) }
        options.tracks = !noTrack
        options.storesFlow = storeFlow
        return options
    }
}
