import Engine
import Foundation

/// One of our operators in ONNX's words: its type, its attributes, and inputs that are attributes with us.
struct ONNXLayer {
    var type: String
    var attributes: [Onnx_AttributeProto] = []
    /// Inputs behind those of the node; nil for an absent one.
    var extraInputs: [Tensor?] = []
    /// A layer that must follow: an activation that our operator includes.
    var following: (type: String, attributes: [Onnx_AttributeProto])?
    private var roles: [String] = []

    /// What an input is called in the names of stored tensors.
    func role(of input: Int) -> String { input < roles.count ? roles[input] : "input\(input)" }

    /// nil for an operator, or a form of it, that is not written.
    init?(_ op: any Operator, inputs: [ValueInfo?], output: ValueInfo) {
        switch op {
        case let op as Convolution:
            self.init("Conv", [.integer("group", op.groups)] + Self.window(op.window, kernel: Self.kernel(inputs)), following: op.activation)
            roles = ["x", "weight", "bias"]
        case let op as ConvolutionTranspose:
            guard op.outputShape.isEmpty else { return nil }
            var attributes = [.integer("group", op.groups)] + Self.window(op.window, kernel: Self.kernel(inputs))
            if op.outputPadding.contains(where: { $0 != 0 }) { attributes.append(.integers("output_padding", op.outputPadding)) }
            self.init("ConvTranspose", attributes, following: op.activation)
            roles = ["x", "weight", "bias"]
        case let op as BatchNormalization:
            self.init("BatchNormalization", [.float("epsilon", op.epsilon)])
            roles = ["x", "scale", "shift", "mean", "variance"]
        case let op as Activate:
            guard let (type, attributes) = Self.activation(op.function) else { return nil }
            self.init(type, attributes)
        case let op as Pool:
            var attributes = Self.window(op.window, kernel: op.kernel)
            if op.window.ceilMode { attributes.append(.integer("ceil_mode", 1)) }
            if case .average(let countsPadding) = op.function {
                // Operator set 17 has no dilated mean.
                guard op.window.dilations.allSatisfy({ $0 == 1 }) else { return nil }
                attributes = attributes.filter { $0.name != "dilations" } + [.integer("count_include_pad", countsPadding ? 1 : 0)]
            }
            self.init(op.name, attributes)
        case let op as GlobalPool: self.init(op.name)
        case let op as Resize:
            guard inputs.count == 1, let input = inputs[0], let layer = ONNXLayer(op, from: input.shape, to: output.shape) else { return nil }
            self = layer
        case let op as Arithmetic:
            guard [.add, .subtract, .multiply, .divide, .power].contains(op.function) else { return nil }
            self.init(op.name)
        case let op as Concat: self.init("Concat", [.integer("axis", op.axis)])
        case let op as Transpose: self.init("Transpose", op.order.map { [.integers("perm", $0)] } ?? [])
        case let op as Reshape:
            self.init("Reshape", op.allowZero ? [.integer("allowzero", 1)] : [])
            extraInputs = op.shape.map { [Tensor($0.map { Int64($0) }, shape: [$0.count])] } ?? []
            roles = ["x", "shape"]
        case let op as Softmax:
            guard !op.flattens || op.axis == output.shape.count - 1 || op.axis == -1 else { return nil }
            self.init(op.name, [.integer("axis", op.axis)])
        case let op as Gemm:
            self.init("Gemm", [
                .float("alpha", op.alpha), .float("beta", op.beta), .integer("transA", op.isATransposed ? 1 : 0),
                .integer("transB", op.isBTransposed ? 1 : 0),
            ])
            roles = ["x", "weight", "bias"]
        default: return nil
        }
    }

    private init(_ type: String, _ attributes: [Onnx_AttributeProto] = [], following activation: Activation = .identity) {
        self.type = type
        self.attributes = attributes
        following = activation == .identity ? nil : Self.activation(activation)
    }

    /// The scale is written where it is whole, since that is what other programs do best; else the size.
    private init?(_ op: Resize, from input: [Int], to output: [Int]) {
        guard op.aspectRatio == .stretch, input.count == output.count, !input.contains(0) else { return nil }
        var attributes: [Onnx_AttributeProto] = op.excludesOutside ? [.integer("exclude_outside", 1)] : []
        switch op.mode {
        case .nearest(let rounding):
            let word = switch rounding {
            case .preferFloor: "round_prefer_floor"
            case .preferCeil: "round_prefer_ceil"
            case .floor: "floor"
            case .ceil: "ceil"
            }
            attributes += [.text("mode", "nearest"), .text("nearest_mode", word)]
        case .linear: attributes.append(.text("mode", "linear"))
        case .cubic(let coefficient): attributes += [.text("mode", "cubic"), .float("cubic_coeff_a", coefficient)]
        }
        switch op.coordinates {
        case .halfPixel: attributes.append(.text("coordinate_transformation_mode", "half_pixel"))
        case .pytorchHalfPixel: attributes.append(.text("coordinate_transformation_mode", "pytorch_half_pixel"))
        case .alignCorners: attributes.append(.text("coordinate_transformation_mode", "align_corners"))
        case .asymmetric: attributes.append(.text("coordinate_transformation_mode", "asymmetric"))
        // Not part of operator set 17, or with a meaning that changed.
        case .halfPixelSymmetric, .tfHalfPixelForNearest: return nil
        }
        self.init("Resize", attributes)
        let isWhole = zip(input, output).allSatisfy { $1 % $0 == 0 }
        let scales = zip(input, output).map { Float($1 / $0) }
        extraInputs = isWhole
            ? [nil, Tensor(scales, shape: [scales.count])]
            : [nil, nil, Tensor(output.map { Int64($0) }, shape: [output.count])]
        roles = ["x", "roi", "scales", "sizes"]
    }

    private static func kernel(_ inputs: [ValueInfo?]) -> [Int] {
        inputs.count > 1 ? Array(inputs[1]?.shape.dropFirst(2) ?? []) : []
    }

    private static func window(_ window: SlidingWindow, kernel: [Int]) -> [Onnx_AttributeProto] {
        var attributes: [Onnx_AttributeProto] = [.integers("kernel_shape", kernel)]
        if !window.strides.isEmpty { attributes.append(.integers("strides", window.strides)) }
        if !window.dilations.isEmpty { attributes.append(.integers("dilations", window.dilations)) }
        switch window.autoPad {
        case .explicit: if !window.padding.isEmpty { attributes.append(.integers("pads", window.padding)) }
        case .sameUpper: attributes.append(.text("auto_pad", "SAME_UPPER"))
        case .sameLower: attributes.append(.text("auto_pad", "SAME_LOWER"))
        case .valid: attributes.append(.text("auto_pad", "VALID"))
        }
        return attributes
    }

    private static func activation(_ function: Activation) -> (type: String, attributes: [Onnx_AttributeProto])? {
        switch function {
        case .relu: ("Relu", [])
        case .leakyRelu(let slope): ("LeakyRelu", [.float("alpha", slope)])
        case .elu(let alpha): ("Elu", [.float("alpha", alpha)])
        case .selu(let alpha, let gamma): ("Selu", [.float("alpha", alpha), .float("gamma", gamma)])
        case .sigmoid: ("Sigmoid", [])
        case .hardSigmoid(let alpha, let beta): ("HardSigmoid", [.float("alpha", alpha), .float("beta", beta)])
        case .hardSwish: ("HardSwish", [])
        case .tanh: ("Tanh", [])
        case .softplus: ("Softplus", [])
        case .softsign: ("Softsign", [])
        case .erf: ("Erf", [])
        // Clip's bounds are inputs there; the others came with later operator sets.
        case .identity, .clip, .mish, .silu, .gelu: nil
        }
    }
}

extension Onnx_AttributeProto {
    fileprivate static func integer(_ name: String, _ value: Int) -> Self {
        var attribute = Self()
        (attribute.name, attribute.type, attribute.i) = (name, .int, Int64(value))
        return attribute
    }

    fileprivate static func integers(_ name: String, _ values: [Int]) -> Self {
        var attribute = Self()
        (attribute.name, attribute.type, attribute.ints) = (name, .ints, values.map(Int64.init))
        return attribute
    }

    fileprivate static func float(_ name: String, _ value: Float) -> Self {
        var attribute = Self()
        (attribute.name, attribute.type, attribute.f) = (name, .float, value)
        return attribute
    }

    fileprivate static func text(_ name: String, _ value: String) -> Self {
        var attribute = Self()
        (attribute.name, attribute.type, attribute.s) = (name, .string, Data(value.utf8))
        return attribute
    }
}
