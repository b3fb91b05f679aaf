import Pose

/// Frames and ids so far, and how fast it goes.
struct ProgressCount {
    private(set) var frames = 0
    private var ids: Set<Int>
    private var window: FrameRateWindow

    /// - Parameters: what an earlier run had done.
    init(frames: Int = 0, ids: [Int] = []) {
        self.frames = frames
        self.ids = Set(ids)
        window = FrameRateWindow(seconds: 5, frames: frames)
    }

    /// Ids of people who were confirmed at least once.
    var people: Int { ids.count }
    var idList: [Int] { ids.sorted() }

    mutating func next(_ result: FrameResult, total: Int?, elapsed: Double) -> RunProgress {
        frames += 1
        for person in result.people where person.state != .tentative {
            if let id = person.id { ids.insert(id) }
        }
        return RunProgress(
            frames: frames, total: total, elapsed: elapsed, framesPerSecond: window.rate(frames: frames, elapsed: elapsed),
            people: result.people.count, time: result.time)
    }
}
