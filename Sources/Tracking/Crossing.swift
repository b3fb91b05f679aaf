import Geometry

/// Two people who cannot be told apart for a moment, and where each was going when it began (spec: tracking, 2.5).
struct Crossing: Hashable, Sendable, Codable {
    /// One of the two as it was before.
    struct Party: Hashable, Sendable, Codable {
        let id: Int
        var center: Point
        /// Pixels a second.
        var velocity: Point
        let height: Double
        let shape: BodyShape

        /// Where the person would be, `time` seconds later.
        func expected(after time: Double) -> Point { center + velocity * CenterHistory.reach(time) }

        mutating func move(with background: Affine) {
            center = background(center)
            velocity = background(velocity) - background(.zero)
        }
    }

    /// Longer than this nobody knows where people were going.
    private static let longest = 2.0

    let began: Double
    private(set) var first: Party
    private(set) var second: Party
    /// One of the two was not seen, or hardly, in between: only then may the ids have gone wrong.
    var wasHidden = false

    init(_ first: Party, _ second: Party, at time: Double) {
        began = time
        self.first = first
        self.second = second
    }

    mutating func move(with background: Affine) {
        guard background != .identity else { return }
        first.move(with: background)
        second.move(with: background)
    }

    func isOver(at time: Double) -> Bool { time - began > Self.longest }

    /// Two ids, in whatever order.
    struct Pair: Hashable {
        private let lower, upper: Int
        init(_ a: Int, _ b: Int) { (lower, upper) = (min(a, b), max(a, b)) }
    }

    var pair: Pair { Pair(first.id, second.id) }

    /// How much worse the ids as they are fit than the ids exchanged, in body heights; positive: they should be exchanged.
    ///
    /// - Parameters:
    ///   - a, b: the places and shapes of those who now carry the first and the second id.
    func misfit(_ a: (center: Point, shape: BodyShape), _ b: (center: Point, shape: BodyShape), at time: Double, shapeWeight: Double) -> Double {
        let height = max((first.height + second.height) / 2, 1)
        let passed = max(0, time - began)
        func cost(_ party: Party, _ found: (center: Point, shape: BodyShape)) -> Double {
            (party.expected(after: passed) - found.center).length / height + shapeWeight * party.shape.difference(found.shape)
        }
        return cost(first, a) + cost(second, b) - cost(first, b) - cost(second, a)
    }
}
