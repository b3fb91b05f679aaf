import Engine

extension ONNXOperators {
    /// Convolutions, pooling, normalisation, resizing, activations, products of matrices.
    static let network: [String: Rule] = [
        "Conv": { node in
            Convolution(
                kernel: try node.integers("kernel_shape"), window: try node.window(),
                groups: try node.integer("group", default: 1))
        },
        "ConvTranspose": { node in
            ConvolutionTranspose(
                kernel: try node.integers("kernel_shape"), window: try node.window(),
                groups: try node.integer("group", default: 1), outputPadding: try node.integers("output_padding") ?? [],
                outputShape: try node.integers("output_shape") ?? [])
        },
        "MaxPool": { node in
            // The order only matters for the second output, which is not made.
            node.ignore("storage_order")
            return Pool(.max, kernel: try node.requiredIntegers("kernel_shape"), window: try node.window())
        },
        "AveragePool": { node in
            Pool(
                .average(countsPadding: try node.flag("count_include_pad")), kernel: try node.requiredIntegers("kernel_shape"),
                window: try node.window())
        },
        "GlobalAveragePool": { _ in GlobalPool(.average) },
        "GlobalMaxPool": { _ in GlobalPool(.max) },

        "BatchNormalization": { node in
            // Old files say spatial = 0 and still store one value a channel; others are refused for their shape.
            node.ignore("momentum", "spatial")
            guard try !node.flag("training_mode") else { throw Malformed("batch normalisation in training mode is not supported") }
            return BatchNormalization(epsilon: try node.float("epsilon", default: 1e-5))
        },
        "InstanceNormalization": { node in InstanceNormalization(epsilon: try node.float("epsilon", default: 1e-5)) },
        "LayerNormalization": { node in
            guard try node.integer("stash_type", default: 1) == 1 else { throw Malformed("stash_type must be 1") }
            return LayerNormalization(
                axis: try node.integer("axis", default: -1), epsilon: try node.float("epsilon", default: 1e-5))
        },

        "Resize": { try $0.resize() },
        "Upsample": { node in
            let mode = try node.resizeMode()
            if let scales = try node.floats("scales") { return Resize(mode, .asymmetric, target: .scales(scales)) }
            node.moveScales()
            return Resize(mode, .asymmetric)
        },

        "Relu": { _ in Activate(.relu) },
        "LeakyRelu": { node in Activate(.leakyRelu(slope: try node.float("alpha", default: 0.01))) },
        "PRelu": { _ in PRelu() },
        "Elu": { node in Activate(.elu(alpha: try node.float("alpha", default: 1))) },
        "Selu": { node in
            Activate(
                .selu(alpha: try node.float("alpha", default: 1.673_263_2), gamma: try node.float("gamma", default: 1.050_701)))
        },
        "Sigmoid": { _ in Activate(.sigmoid) },
        "HardSigmoid": { node in
            Activate(.hardSigmoid(alpha: try node.float("alpha", default: 0.2), beta: try node.float("beta", default: 0.5)))
        },
        "HardSwish": { _ in Activate(.hardSwish) },
        "Tanh": { _ in Activate(.tanh) },
        "Softplus": { _ in Activate(.softplus) },
        "Softsign": { _ in Activate(.softsign) },
        "Mish": { _ in Activate(.mish) },
        "Erf": { _ in Activate(.erf) },
        "Gelu": { node in
            switch try node.text("approximate") ?? "none" {
            case "none": Activate(.gelu(approximate: false))
            case "tanh": Activate(.gelu(approximate: true))
            case let other: throw Malformed("approximate \"\(other)\" is not supported")
            }
        },
        "Clip": { node in
            if node.opset >= 11 { return Clip() }
            return Activate(
                .clip(
                    min: try node.float("min", default: -.greatestFiniteMagnitude),
                    max: try node.float("max", default: .greatestFiniteMagnitude)))
        },
        "Softmax": { try $0.softmax(logarithm: false) },
        "LogSoftmax": { try $0.softmax(logarithm: true) },

        "MatMul": { _ in MatMul() },
        "Gemm": { node in
            Gemm(
                alpha: try node.float("alpha", default: 1), beta: try node.float("beta", default: 1),
                isATransposed: try node.flag("transA"), isBTransposed: try node.flag("transB"))
        },
    ]
}

extension ONNXNode {
    fileprivate mutating func requiredIntegers(_ name: String) throws -> [Int] {
        guard let values = try integers(name) else { throw Malformed("attribute \(name) is missing") }
        return values
    }

    fileprivate mutating func window() throws -> SlidingWindow {
        let autoPad: AutoPad =
            switch try text("auto_pad") ?? "NOTSET" {
            case "NOTSET", "": .explicit
            case "SAME_UPPER": .sameUpper
            case "SAME_LOWER": .sameLower
            case "VALID": .valid
            case let other: throw Malformed("auto_pad \"\(other)\" is not supported")
            }
        return SlidingWindow(
            strides: try integers("strides") ?? [], padding: try integers("pads") ?? [],
            dilations: try integers("dilations") ?? [], autoPad: autoPad, ceilMode: try flag("ceil_mode"))
    }

    /// Before operator set 13 all axes from `axis` on were one.
    fileprivate mutating func softmax(logarithm: Bool) throws -> any Operator {
        Softmax(axis: try integer("axis", default: opset < 13 ? 1 : -1), flattens: opset < 13, logarithm: logarithm)
    }

    fileprivate mutating func resizeMode() throws -> Resize.Mode {
        let rounding: Resize.Rounding =
            switch try text("nearest_mode") ?? (opset < 11 ? "floor" : "round_prefer_floor") {
            case "round_prefer_floor": .preferFloor
            case "round_prefer_ceil": .preferCeil
            case "floor": .floor
            case "ceil": .ceil
            case let other: throw Malformed("nearest_mode \"\(other)\" is not supported")
            }
        let coefficient = try float("cubic_coeff_a", default: -0.75)
        return switch try text("mode") ?? "nearest" {
        case "nearest": .nearest(rounding)
        case "linear", "bilinear": .linear
        case "cubic": .cubic(coefficient: coefficient)
        case let other: throw Malformed("mode \"\(other)\" is not supported")
        }
    }

    /// From (x, scales), as operator sets 9 and 10 have it, to (x, region, scales).
    fileprivate mutating func moveScales() { keepInputs(0, -1, 1) }

    fileprivate mutating func resize() throws -> any Operator {
        let mode = try resizeMode()
        if opset < 11 {
            moveScales()
            return Resize(mode, .asymmetric)
        }
        let coordinates: Resize.Coordinates =
            switch try text("coordinate_transformation_mode") ?? "half_pixel" {
            case "half_pixel": .halfPixel
            case "pytorch_half_pixel": .pytorchHalfPixel
            case "half_pixel_symmetric": .halfPixelSymmetric
            case "align_corners": .alignCorners
            case "asymmetric": .asymmetric
            case "tf_half_pixel_for_nn": .tfHalfPixelForNearest
            case let other: throw Malformed("coordinate_transformation_mode \"\(other)\" is not supported")
            }
        guard try !flag("antialias") else { throw Malformed("antialias is not supported") }
        // Only for a transformation that is refused above.
        ignore("extrapolation_value")
        let aspectRatio: Resize.AspectRatio =
            switch try text("keep_aspect_ratio_policy") ?? "stretch" {
            case "stretch": .stretch
            case "not_larger": .notLarger
            case "not_smaller": .notSmaller
            case let other: throw Malformed("keep_aspect_ratio_policy \"\(other)\" is not supported")
            }
        // An empty list stands for an input that is not given; the region is only for a transformation that is refused.
        let hasScales = hasInput(2) && storedInput(2)?.count != 0
        let hasSizes = hasInput(3) && storedInput(3)?.count != 0
        keepInputs(0, -1, hasScales ? 2 : -1, hasSizes ? 3 : -1)
        return Resize(
            mode, coordinates, axes: try integers("axes"), aspectRatio: aspectRatio,
            excludesOutside: try flag("exclude_outside"))
    }
}
