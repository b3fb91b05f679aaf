import Foundation
import Geometry

/// The scenes that people complain about: crossings, occlusions, returns, pans, cuts, odd frame rates.
extension SyntheticScene {
    /// From one place to another at a steady pace, for ever.
    private static func walk(from x: Double, speed: Double, y: Double, since start: Double = -1, until end: Double = 99) -> (Double) -> Point? {
        { time in time >= start && time <= end ? Point(x: x + speed * time, y: y) : nil }
    }

    private static func crossing(_ name: String, rate: Double, speed: Double = 110) -> SyntheticScene {
        SyntheticScene(
            name: name, rate: rate,
            walkers: [
                Walker(height: 180, depth: 2, feet: walk(from: 100, speed: speed, y: 320)),
                Walker(height: 175, depth: 1, build: 1.15, feet: walk(from: 540, speed: -speed, y: 328)),
            ])
    }

    /// People pass one another; box similarity must fail here where flow does not.
    static var crossings: [SyntheticScene] { [
        crossing("cross 10", rate: 10), crossing("cross 25", rate: 25), crossing("cross 60", rate: 60),
        crossing("run 10", rate: 10, speed: 220), crossing("run 25", rate: 25, speed: 220),
        SyntheticScene(
            name: "overtake", seconds: 5,
            walkers: [
                Walker(height: 180, depth: 2, feet: walk(from: 60, speed: 110, y: 320)),
                Walker(height: 190, depth: 1, build: 0.9, feet: walk(from: 160, speed: 60, y: 330)),
            ]),
        SyntheticScene(
            name: "three",
            walkers: [
                Walker(height: 180, depth: 2, feet: walk(from: 100, speed: 110, y: 320)),
                Walker(height: 170, depth: 1, feet: walk(from: 540, speed: -110, y: 330)),
                Walker(height: 175, depth: 3, feet: walk(from: 320, speed: 8, y: 310)),
            ]),
        SyntheticScene(
            name: "pan",
            walkers: [
                Walker(height: 180, depth: 2, feet: walk(from: 180, speed: 80, y: 320)),
                Walker(height: 175, depth: 1, feet: walk(from: 500, speed: -80, y: 328)),
            ], camera: { Point(x: -160 * sin(1.6 * $0), y: 12 * sin(3 * $0)) }),
        SyntheticScene(
            name: "dance", seconds: 5,
            walkers: (0..<3).map { index in
                Walker(
                    height: 200, depth: Double(3 - index), cadence: 3, swing: 2,
                    feet: { Point(x: 240 + 80 * Double(index) + 60 * sin(2.1 * $0 + 2 * Double(index)), y: 330) })
            }),
    ] }

    /// Small people far away who pass one another all the time, where the detector gives one box for two.
    static var streets: [SyntheticScene] {
        [(10.0, 40.0), (25, 60)].map { rate, speed in
            SyntheticScene(
                name: "street \(Int(rate))", seconds: 12, rate: rate,
                walkers: (0..<6).map { index in
                    let pace = (index % 2 == 0 ? speed : -speed) * (0.7 + 0.12 * Double(index))
                    return Walker(
                        height: 52 + 4 * Double(index), depth: Double(10 - index), build: 0.9 + 0.04 * Double(index),
                        feet: {
                            Point(x: 320 + pace * ($0 - 6) + 18 * sin(0.9 * $0 + Double(index)), y: 150 + 5 * Double(index) + 4 * sin(0.7 * $0))
                        })
                }, merges: true)
        }
    }

    static var others: [SyntheticScene] { [
        SyntheticScene(
            name: "turn back",
            walkers: [
                Walker(height: 180, depth: 2, feet: { Point(x: 330 - 150 * abs($0 - 2), y: 320) }),
                Walker(height: 175, depth: 1, build: 1.15, feet: { Point(x: 350 + 150 * abs($0 - 2), y: 328) }),
            ]),
        SyntheticScene(
            name: "pillar", seconds: 5,
            walkers: [
                Walker(height: 180, depth: 1, feet: walk(from: 60, speed: 110, y: 320)),
                Walker(height: 170, depth: 2, feet: walk(from: 600, speed: -100, y: 330)),
            ], pillars: [Pillar(left: 290, right: 370)]),
        SyntheticScene(
            name: "return", seconds: 5,
            walkers: [
                Walker(height: 180, depth: 1, feet: { Point(x: 560 + 160 * sin(1.6 * $0), y: 320) }),
                Walker(height: 170, depth: 2, feet: walk(from: 150, speed: 10, y: 330)),
            ]),
        SyntheticScene(
            name: "cut",
            walkers: [
                Walker(height: 180, depth: 1, feet: walk(from: 200, speed: 20, y: 320)),
                Walker(height: 175, depth: 1, feet: walk(from: 205, speed: 20, y: 325)),
                Walker(height: 170, depth: 2, feet: walk(from: 420, speed: -10, y: 330)),
                Walker(height: 180, depth: 2, feet: walk(from: 425, speed: 10, y: 330)),
            ], cuts: [2]),
        SyntheticScene(
            name: "uneven", seconds: 5, rate: 20,
            walkers: [
                Walker(height: 180, depth: 2, feet: walk(from: 60, speed: 100, y: 320)),
                Walker(height: 175, depth: 1, feet: walk(from: 580, speed: -100, y: 328)),
            ], isUneven: true, dropped: 0.25),
        SyntheticScene(
            name: "crowd", seconds: 6,
            walkers: (0..<8).map { index in
                let speed = Double(index % 2 == 0 ? 1 : -1) * (45 + 7 * Double(index))
                return Walker(
                    height: 130 + 8 * Double(index), depth: Double(8 - index), build: 0.9 + 0.03 * Double(index),
                    feet: walk(from: index % 2 == 0 ? 20 + 40 * Double(index) : 640 - 40 * Double(index), speed: speed, y: 240 + 14 * Double(index)))
            }),
    ] }
}
