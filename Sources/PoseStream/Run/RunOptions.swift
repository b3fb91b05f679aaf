import Diagnostics
import Media
import Records

/// What a run is asked beside its pipeline: which pictures, where in them, and what is kept.
public struct RunOptions: Sendable {
    /// Which pictures of the source.
    public var frames = FrameSelection()
    /// Where in the picture people count.
    public var area = WatchedArea()
    /// Give people ids. Without, every frame stands for itself, so that parts of a film can be processed apart and linked later.
    public var tracks = true
    /// Keep in each line how the picture moved since the frame before, for `retrack`.
    public var storesFlow = false

    /// What the networks multiply in, as the pipeline was made: lines of another precision must not be mixed.
    public var precision = NetworkPrecision.automatic

    /// Stands for the algorithms that were measured on this machine, when there are any; the run sets it.
    var measured: String?

    public init() {}

    /// Seconds before a part that flow and the search for cuts need in order to give what they give within the whole film.
    static let flowLeadIn = 3.0

    /// As the header record holds it; nil when nothing was asked.
    var json: JSONValue? {
        var members: [JSONValue.Member] = []
        if let from = frames.from { members.append(.init("from", .number(from))) }
        if let to = frames.to { members.append(.init("to", .number(to))) }
        if frames.every > 1 { members.append(.init("every", .integer(frames.every))) }
        if let rate = frames.maximumRate { members.append(.init("max_fps", .number(rate))) }
        if let region = area.region {
            members.append(.init("roi", .array([region.x, region.y, region.width, region.height].map(JSONValue.integer))))
        }
        if let mask = area.mask { members.append(.init("mask", .string(mask.sha256))) }
        if !tracks { members.append(.init("track", .bool(false))) }
        if storesFlow { members.append(.init("store_flow", .bool(true))) }
        if precision == .bfloat16 { members.append(.init("precision", .string(precision.rawValue))) }
        if let measured { members.append(.init("measured", .string(measured))) }
        return members.isEmpty ? nil : .object(members)
    }
}

extension FrameSelection {
    /// The selection that a header record tells of. What makes no sense there counts as not said.
    init(recorded options: JSONValue?) {
        func number(_ name: String) -> Double? {
            let value: Double? = switch options?[name] {
            case .number(let number): number
            case .integer(let number): Double(number)
            default: nil
            }
            return value.flatMap { (0...1e9).contains($0) ? $0 : nil }
        }
        var every = 1
        if case .integer(let number)? = options?["every"], number > 0 { every = number }
        let rate = number("max_fps")
        self.init(from: number("from"), to: number("to"), every: every, maximumRate: rate.flatMap { $0 > 0 ? $0 : nil })
    }
}
