/// Numbers of the association that are nobody's wish but were found by trying: on the synthetic sequences and on one annotated
/// clip, never on those that judge (docs/benchmarks.md).
package struct TrackerTuning: Hashable, Sendable, Codable {
    /// What agreement of the way a person went with the way to the one who is found adds to their likeness; less after a short
    /// absence, when the way is no longer than the jitter.
    package var momentum = 0.1
    /// What likeness to a lost person is worth beside likeness to one who was seen in the last frame.
    package var lostWorth = 0.85
    /// With which power of the growth of its place a lost person's likeness beyond the threshold shrinks: in a wide place anybody is alike.
    package var lostShrinking = 0.5
    /// Likeness of clothes from which they say nothing against a person, by how much less they say all they can, and the share of the
    /// likeness to a lost person that is gone then.
    package var clothesAlike = 0.96
    package var clothesSpan = 0.15
    package var clothesWorth = 0.5
    /// IoU with another person's box from which the clothes seen may be that one's.
    package var clothesOverlap = 0.1
    /// IoU from which a person hides another of lower score.
    package var coverOverlap = 0.5
    /// How long flow alone may show a person, in seconds.
    package var coasting = 0.3
    /// Seconds in which the place where a lost person may come back grows by its own size.
    package var spread = 0.3
    /// IoU from which two people cannot be told apart, and below which they can again.
    package var crossingBegins = 0.5
    package var crossingEnds = 0.3
    /// How much better, in body heights, the other assignment of two people must fit before their ids change places. Large: people
    /// who sway beside each other do not go where they were going, and a wrong exchange costs two ids.
    package var crossingMargin = 1.5
    /// What different limbs cost in that comparison.
    package var shapeWeight = 1.0
    /// Share of a body's joints that flow must have followed before it is believed.
    package var flowShare = 0.5
    /// Likeness to a person who has an id from which another is no new person.
    package var birthLikeness = 0.5
    /// A person is not shown by flow alone when other people hide more than this share of the box.
    package var coastCovered = 0.3
    /// What the overlap of the boxes is worth where the poses are less alike: half a person has a wild pose, but a steady box.
    package var boxWorth = 0.8

    package init() {}
}
