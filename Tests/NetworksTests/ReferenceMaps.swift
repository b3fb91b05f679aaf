import Engine
import Foundation
import Networks
import TestSupport
import Testing

/// What a reference run (float64, PyTorch) says of a map: its shape and some of its values.
struct ReferenceMap {
    var name: String
    /// As written; the files of the top-down networks leave the batch out.
    var shape: [Int]
    var least, largest: Double
    /// The root of the sum of squares.
    var norm: Double
    /// Flat positions and values.
    var samples: [(index: Int, value: Double)]

    /// Holds a computed map against it: values within 1e-4 of the map's largest value.
    ///
    /// - Returns: the largest difference of a value, as a share of the map's largest.
    @discardableResult func check(_ map: Tensor?, _ context: String) -> Double {
        guard let map else {
            Issue.record("\(context): \(name) was not computed")
            return .infinity
        }
        #expect(map.shape == shape || Array(map.shape.dropFirst()) == shape, "\(context): \(name)")
        let largestValue = max(abs(least), abs(largest))
        let tolerance = 1e-4 * largestValue
        return map.withElements(as: Float.self) { values in
            guard let last = samples.last, last.index < values.count else {
                Issue.record("\(context): \(name) is too small")
                return .infinity
            }
            let worst = samples.map { abs(Double(values[$0.index]) - $0.value) }.max() ?? .infinity
            // Not `worst <= tolerance` alone: NaN must fail.
            #expect(worst.isFinite && worst <= tolerance, "\(context): \(name) differs by \(worst), allowed \(tolerance)")
            let norm = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(norm - self.norm) <= 1e-4 * self.norm, "\(context): the norm of \(name)")
            return worst / largestValue
        }
    }
}

extension [ReferenceMap] {
    /// Holds the results of a network against all of them and tells the worst difference.
    func check(_ results: [String: Tensor], _ name: String) {
        let worst = map { $0.check(results[$0.name], name) }.max() ?? .infinity
        let systems = [
            ("sb_", "SimpleBaseline"), ("hrnet_", "HRNet"), ("cpn_", "CPN"), ("tfcpn_", "CPN"), ("lop", "Lightweight OpenPose"),
            ("mpn", "MultiPoseNet"), ("prn", "MultiPoseNet"),
        ]
        let system = systems.first { name.hasPrefix($0.0) }?.1 ?? name
        Agreement.tell(system, "\(name), \(count) maps", "\(Agreement.text(worst)) of the largest value")
    }
}

/// A case below `fixtures/networks/topdown`.
struct TopDownCase: Decodable {
    struct Tap: Decodable {
        var shape: [Int]
        var min, max, l2: Double
        var samples: [Double]
    }

    var input: [Int]
    var parameters: Int
    var macs: Int
    var keys_without_num_batches_tracked: Int
    var taps: [String: Tap]

    init(_ name: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: Shared.fixture("networks/topdown/\(name).json")))
    }

    /// The k-th of n samples is element floor(k count / n). The last map is called "output" there.
    var maps: [ReferenceMap] {
        taps.map { name, tap in
            let count = tap.shape.reduce(1, *)
            return ReferenceMap(
                name: name == "output" ? "heatmaps" : name, shape: tap.shape, least: tap.min, largest: tap.max, norm: tap.l2,
                samples: tap.samples.enumerated().map { ($0 * count / tap.samples.count, $1) })
        }
    }

    /// Noise of ±0.5 over blocks of 32x32 pixels of ±1.5, as the network's first layer sees it.
    var inputTensor: Tensor {
        let (height, width) = (input[2], input[3])
        func symmetric(_ seed: UInt64, _ index: Int) -> Double { 2 * Double(RandomStream.value(seed, index) >> 40) * 0x1p-24 - 1 }
        let noise = RandomStream.seed("input.noise"), block = RandomStream.seed("input.block")
        var values: [Float] = []
        for c in 0..<3 {
            for y in 0..<height {
                for x in 0..<width {
                    let value = 0.5 * symmetric(noise, (c * height + y) * width + x)
                        + 1.5 * symmetric(block, (c * 64 + y / 32) * 64 + x / 32)
                    values.append(Float(value))
                }
            }
        }
        return Tensor(values, shape: input)
    }
}

/// A case below `fixtures/networks/bottomup`.
struct BottomUpCase: Decodable {
    struct Map: Decodable {
        var name: String
        var shape: [Int]
        var min, max, l2: Double
        var index: [Int]
        var value: [Double]
    }

    struct Input: Decodable {
        var name: String
        var shape: [Int]
    }

    struct Gain: Decodable {
        var suffix: String
        var gain: Double

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            suffix = try container.decode(String.self)
            gain = try container.decode(Double.self)
        }
    }

    var input: Input?
    var input_check: Map?
    var gains: [Gain]
    var parameters: Int
    var macs: Int?
    var macs_per_box: Int?
    var cells_box_joint_y_x: [[Int]]?
    var tensors: [Map]

    init(_ name: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: Shared.fixture("networks/bottomup/\(name).json")))
    }

    var weights: FormulaWeights { FormulaWeights(.bottomUp(gains: gains.map { ($0.suffix, $0.gain) })) }

    /// Names without the case's: "lop1_256x456.stage0.pafs" is "stage0.pafs".
    var maps: [ReferenceMap] { tensors.map(map) }

    func map(_ map: Map) -> ReferenceMap {
        ReferenceMap(
            name: map.name.split(separator: ".").dropFirst().joined(separator: "."), shape: map.shape, least: map.min,
            largest: map.max, norm: map.l2, samples: zip(map.index, map.value).map { ($0, $1) })
    }

    /// A sum of six waves a channel.
    func picture(_ input: Input) -> Tensor {
        let (height, width) = (input.shape[2], input.shape[3])
        let seed = RandomStream.seed("input:" + input.name)
        func unit(_ index: Int) -> Double { Double(RandomStream.value(seed, index) >> 11) * 0x1p-53 }
        var sums = [Double](repeating: 0, count: 3 * height * width)
        for channel in 0..<3 {
            for wave in 0..<6 {
                let first = (channel * 6 + wave) * 4
                let amplitude = 0.2 + 0.8 * unit(first), phase = 2 * Double.pi * unit(first + 3)
                let fx = (8 * unit(first + 1)).rounded(.down), fy = (8 * unit(first + 2)).rounded(.down)
                for y in 0..<height {
                    for x in 0..<width {
                        let turn = fx * (Double(x) + 0.5) / Double(width) + fy * (Double(y) + 0.5) / Double(height)
                        sums[(channel * height + y) * width + x] += amplitude * sin(2 * Double.pi * turn + phase)
                    }
                }
            }
        }
        return Tensor(sums.map { Float($0 / 3) }, shape: input.shape)
    }
}

extension Network {
    /// Runs the network once and gives the values of these names.
    func run(_ input: Tensor, outputs: [String]) throws -> [String: Tensor] {
        let plan = try Plan(graph(inputShape: input.shape, outputs: outputs))
        return try Executor(plan).run(["input": input])
    }
}

/// Zeros of any shape that share their memory: to lay networks out where their values do not matter.
struct BlankWeights: WeightSource {
    let place = "blank weights"
    let storedNames: [String] = []
    private let zeros = TensorStorage(byteCount: 34272 * 1024 * 4)

    func storedName(of name: String) -> String { name }

    func tensor(_ name: String, shape: [Int], role: ParameterRole) throws -> Tensor? {
        Tensor(shape: shape, elementType: .float32, storage: zeros)
    }
}
