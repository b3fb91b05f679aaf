import Records
import Tracking

extension SampledMotion {
    /// The motion that a line holds.
    init(_ stored: MotionRecord) {
        self.init(
            isCut: stored.isCut, isReturn: stored.isReturn, background: stored.background,
            bodies: stored.bodies.map { body in
                Body(samples: body.samples.map { Sample(from: $0.from, to: $0.to, confidence: $0.confidence) }, reach: body.reach)
            })
    }

    /// The motion as a line holds it.
    var record: MotionRecord {
        MotionRecord(
            isCut: isCut, isReturn: isReturn, background: background,
            bodies: bodies.map { body in
                MotionRecord.Body(
                    samples: body.samples.map { MotionRecord.Sample(from: $0.from, to: $0.to, confidence: $0.confidence) }, reach: body.reach)
            })
    }
}
