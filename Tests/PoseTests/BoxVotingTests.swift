import Geometry
import Pose
import Testing

@Suite("Box voting") struct BoxVotingTests {
    private func scored(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ score: Double) -> ScoredBox {
        ScoredBox(box: Box(x: x, y: y, width: width, height: height), score: score)
    }

    @Test("a box becomes the mean, by score, of those that overlap it, and keeps its score")
    func mean() {
        let voters = [scored(0, 0, 10, 20, 0.6), scored(1, 0, 10, 20, 0.3), scored(0, 0, 10, 14, 0.3), scored(30, 0, 10, 20, 0.9)]
        let moved = BoxVoting(threshold: 0.65)([voters[0]], voters: voters)
        #expect(moved.count == 1 && moved[0].score == 0.6)
        #expect(abs(moved[0].box.x - 0.25) < 1e-9 && abs(moved[0].box.right - 10.25) < 1e-9 && moved[0].box.y == 0)
        #expect(abs(moved[0].box.bottom - 18.5) < 1e-9)
        // The third overlaps by exactly 0.7.
        #expect(abs(BoxVoting(threshold: 0.75)([voters[0]], voters: voters)[0].box.bottom - 20) < 1e-9)
    }

    @Test("a box that nobody votes about stays, also where scores are zero or no numbers")
    func alone() {
        let box = scored(5, 5, 10, 10, 0.5)
        #expect(BoxVoting()([box], voters: []) == [box])
        #expect(BoxVoting()([box], voters: [scored(5, 5, 10, 10, 0)]) == [box])
        #expect(BoxVoting()([box], voters: [scored(5, 5, 10, 10, .nan)]) == [box])
        let empty = scored(5, 5, 0, 0, 0.5)
        #expect(BoxVoting()([empty], voters: [empty]) == [empty])
        #expect(BoxVoting()([], voters: [box]).isEmpty)
    }
}
