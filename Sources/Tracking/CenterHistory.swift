import Foundation
import Geometry

/// Where a person's middle was during the last moments, in the coordinates of the present picture (the camera's motion is
/// taken out), and the velocity that follows.
struct CenterHistory: Hashable, Sendable, Codable {
    private struct Sighting: Hashable, Sendable, Codable {
        var time: Double
        var center: Point
    }

    /// The line goes through this much time.
    private static let span = 0.6
    /// Pairs that are closer say more about jitter than about speed.
    private static let shortestPair = 0.1
    /// From this much time on the velocity is believed wholly.
    private static let knownSpan = 0.3
    /// Sightings that come faster than this replace each other, so that 240 frames a second cost no more than 30.
    private static let spacing = 0.03
    /// A guess about the future loses its worth with this time constant.
    private static let damping = 1.0

    private var sightings: [Sighting] = []
    /// Pixels a second.
    private(set) var velocity = Point.zero
    /// How far the velocity is to be believed where nothing else is known, 0 to 1: on a short way the jitter is large beside it.
    private var trust = 0.0

    /// Where the middle was last.
    var last: Point? { sightings.last?.center }

    /// The camera moved: all places move with the background.
    mutating func move(with background: Affine) {
        guard background != .identity else { return }
        for index in sightings.indices { sightings[index].center = background(sightings[index].center) }
        velocity = background(velocity) - background(.zero)
    }

    /// Adds what was seen now. After a gap the way in between is taken as straight, since what was guessed there was no sighting
    /// (the observation-centric update of OC-SORT, Cao et al. 2023).
    mutating func add(_ center: Point, at time: Double, afterGap: Bool) {
        if afterGap, let last = sightings.last, time > last.time {
            let steps = Int(min((time - last.time) / 0.05, 60))
            for step in 1..<max(1, steps) {
                let share = Double(step) / Double(steps)
                let between = last.center + (center - last.center) * share
                sightings.append(Sighting(time: last.time + (time - last.time) * share, center: between))
            }
        }
        if sightings.count >= 2, time - sightings[sightings.count - 2].time < Self.spacing { sightings.removeLast() }
        sightings.append(Sighting(time: time, center: center))
        sightings.removeAll { time - $0.time > Self.span }
        guard sightings.count >= 3 else { return }
        var x: [Double] = []
        var y: [Double] = []
        for (index, a) in sightings.enumerated() {
            for b in sightings[(index + 1)...] where b.time - a.time > Self.shortestPair {
                let slope = (b.center - a.center) * (1 / (b.time - a.time))
                x.append(slope.x)
                y.append(slope.y)
            }
        }
        if !x.isEmpty { velocity = Point(x: median(x), y: median(y)) }
        let known = min(1, (time - sightings[0].time) / Self.knownSpan)
        trust = known * known
    }

    /// How far the person gets until `time` seconds from the last sighting, at most.
    static func reach(_ time: Double) -> Double { damping * (1 - exp(-time / damping)) }

    /// How far the person goes within `duration` seconds, when it was seen last `lost` seconds before that, if it goes on.
    func way(_ duration: Double, lost: Double) -> Point {
        velocity * (duration * exp(-lost / Self.damping))
    }

    /// The same, as far as it is believed without being seen.
    func step(_ duration: Double, lost: Double) -> Point { way(duration, lost: lost) * trust }
}
