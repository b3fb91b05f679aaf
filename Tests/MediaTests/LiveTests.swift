import Foundation
import Media
import Testing

@Suite("Time of live sources")
struct LiveTests {
    @Test("Stamps of a live sender that jump far begin anew; a file's are taken as they are")
    func jumps() {
        let stamps: [Int64] = [0, 40, 80, 100_000, 100_040, 20, 60, 100]
        func run(isLive: Bool) -> (times: [Double], jumps: [Bool]) {
            var timeline = Timeline(timeBase: Rational(1, 1000), frameRate: Rational(25, 1), start: nil, isLive: isLive)
            let places = stamps.map { timeline.place(stamp: $0, duration: 40) }
            return (places.map(\.time), places.map(\.hasJumped))
        }
        let live = run(isLive: true)
        #expect(zip(live.times, [0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.24, 0.28]).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(live.jumps == [false, false, false, true, false, true, false, false])
        #expect(run(isLive: false).times[3] == 100)
    }

    @Test("Hostile stamps neither trap nor go back", arguments: [Int64.max, .min, 1 << 61, -(1 << 61), (1 << 61) - 1])
    func hostile(stamp: Int64) {
        var timeline = Timeline(timeBase: Rational(1, 1000), frameRate: Rational(25, 1), start: nil, isLive: true)
        var last = -1.0
        for value in [0, stamp, 0, stamp, stamp &+ 1, 5, 0 &- stamp &- 1] {
            let place = timeline.place(stamp: value, duration: 40)
            #expect(place.time > last)
            last = place.time
        }
    }

    @Test("A pacer lets pictures go when they are due, and begins anew after a stall or a leap")
    func pacer() {
        var pacer = Pacer(longestLead: 30)
        let start = ContinuousClock.now
        #expect(pacer.delay(until: 5, now: start) == 0)
        #expect(abs(pacer.delay(until: 5.5, now: start) - 0.5) < 1e-6)
        #expect(pacer.delay(until: 5.6, now: start + .seconds(0.8)) == 0, "a little late: no wait")
        #expect(abs(pacer.delay(until: 6.5, now: start + .seconds(1)) - 0.5) < 1e-6, "and the pace is kept")
        #expect(pacer.delay(until: 7, now: start + .seconds(10)) == 0, "a stall")
        #expect(abs(pacer.delay(until: 7.25, now: start + .seconds(10)) - 0.25) < 1e-6)
        #expect(pacer.delay(until: 1000, now: start + .seconds(10)) == 0, "a leap")
        #expect(pacer.delay(until: .infinity, now: start) == 0)
    }

    @Test("Waits double from half a second to ten and end when the time is up")
    func backoff() {
        #expect((0..<8).map { Backoff.wait(beforeAttempt: $0) } == [0.5, 1, 2, 4, 8, 10, 10, 10])
        var none = Backoff(limit: 0)
        #expect(none.next() == nil && none.count == 0)
        var ever = Backoff(limit: .infinity)
        for attempt in 0..<2000 {
            guard let wait = ever.next() else { return #expect(Bool(false)) }
            #expect(0.4...12 ~= wait, "attempt \(attempt)")
        }
        var short = Backoff(limit: 0.2)
        #expect((short.next() ?? 1) <= 0.2)
    }

    @Test("A film played as a camera takes as long as it lasts, and its pictures carry their moment")
    func paced() throws {
        let source = PacedSource(try openSource(Clips.make("vp9.webm").path))
        #expect(source.description.isLive)
        let start = ContinuousClock.now
        let frames = try allFrames(source)
        let length = ContinuousClock.now - start
        #expect(frames.count == 15 && frames.allSatisfy { $0.live != nil })
        #expect(length > .seconds(0.55) && length < .seconds(1.5))
    }

    @Test("Two gaps with dropped pictures between them are one")
    func joined() {
        let gap = SourceGap(time: 3, seconds: 2, reason: .stalled).joined(with: SourceGap(time: 6, seconds: 1, reason: .reconnected))
        #expect(gap == SourceGap(time: 3, seconds: 4, reason: .reconnected))
    }
}
