import Detection
import Estimation
import Geometry
import Media
import Pose

extension Stages {
    /// These stages, looking only where people count.
    func watching(_ area: WatchedArea) -> Stages {
        guard !area.isEverywhere else { return self }
        var stages = self
        let isWhole = detector == nil
        stages.detector = detector.map { AreaDetector($0, area) }
        stages.estimator = AreaEstimator(estimator, area, looksAtWholePicture: isWhole)
        return stages
    }
}

/// A detector that looks at a part of the picture and leaves out who does not count.
final class AreaDetector: Detector {
    private let detector: any Detector
    private let area: WatchedArea

    init(_ detector: any Detector, _ area: WatchedArea) {
        self.detector = detector
        self.area = area
    }

    func detect(_ frame: VideoFrame) throws -> [ScoredBox] {
        var boxes: [ScoredBox]
        if let region = area.region {
            guard let part = try frame.cropped(left: region.x, top: region.y, width: region.width, height: region.height) else { return [] }
            boxes = try detector.detect(part.frame)
            for index in boxes.indices {
                boxes[index].box.x += Double(part.left)
                boxes[index].box.y += Double(part.top)
            }
        } else {
            boxes = try detector.detect(frame)
        }
        return boxes.filter { area.counts($0.box, width: frame.width, height: frame.height) }
    }
}

/// A pose estimator that leaves out who does not count; one that finds people by itself looks at the region alone.
final class AreaEstimator: PoseEstimator {
    private let estimator: any PoseEstimator
    private let area: WatchedArea
    private let looksAtWholePicture: Bool

    init(_ estimator: any PoseEstimator, _ area: WatchedArea, looksAtWholePicture: Bool) {
        self.estimator = estimator
        self.area = area
        self.looksAtWholePicture = looksAtWholePicture
    }

    var keypointSet: KeypointSet { estimator.keypointSet }

    func estimate(_ frame: VideoFrame, boxes: [ScoredBox]) throws -> [Person] {
        var people: [Person]
        if looksAtWholePicture, let region = area.region {
            guard let part = try frame.cropped(left: region.x, top: region.y, width: region.width, height: region.height) else { return [] }
            people = try estimator.estimate(part.frame, boxes: [])
            let shift = Point(x: Double(part.left), y: Double(part.top))
            for index in people.indices {
                people[index].box.x += shift.x
                people[index].box.y += shift.y
                for joint in people[index].keypoints.indices where !people[index].keypoints[joint].isMissing {
                    people[index].keypoints[joint].position = people[index].keypoints[joint].position + shift
                }
            }
        } else {
            // Boxes that follow people from frame to frame may have led out of the area.
            let inside = boxes.filter { area.counts($0.box, width: frame.width, height: frame.height) }
            people = try estimator.estimate(frame, boxes: inside)
        }
        return people.filter { area.counts($0.box, width: frame.width, height: frame.height) }
    }
}
