import Diagnostics
import Engine

// What the figures draw between the layers that have weights.

func relu(_ x: Value) throws -> Value { try unary(Activate(.relu), x) }
func elu(_ x: Value) throws -> Value { try unary(Activate(.elu(alpha: 1)), x) }
func sigmoid(_ x: Value) throws -> Value { try unary(Activate(.sigmoid), x) }
func softmax(_ x: Value, axis: Int) throws -> Value { try unary(Softmax(axis: axis), x) }

extension Value {
    static func + (a: Value, b: Value) throws -> Value { try a.layout.add(Arithmetic(.add), named: "", [.value(a), .value(b)]) }
}

/// Joins maps along an axis: 1 for channels.
func concat(_ maps: [Value], axis: Int = 1) throws -> Value {
    guard let first = maps.first else {
        throw Failure(.internalDefect, "cannot lay out network", at: "concat", because: "it joins nothing")
    }
    return try first.layout.add(Concat(axis: axis), named: "", maps.map { .value($0) })
}

func maxPool(_ x: Value, _ kernel: Int, stride: Int, padding: Int) throws -> Value {
    try unary(Pool(.max, kernel: [kernel, kernel], window: SlidingWindow(stride: stride, padding: padding)), x)
}

/// out[y] = in[y / factor]
func upsampledNearest(_ x: Value, by factor: Int) throws -> Value {
    factor == 1 ? x : try resizedNearest(x, height: x.height * factor, width: x.width * factor)
}

/// To the very size of another map: out[y] = in[floor(y in / out)].
func upsampledNearest(_ x: Value, like other: Value) throws -> Value {
    try resizedNearest(x, height: other.height, width: other.width)
}

private func resizedNearest(_ x: Value, height: Int, width: Int) throws -> Value {
    try unary(Resize.to(height: height, width: width, .nearest(.floor), .asymmetric), x)
}

/// `.alignCorners`: source = y (in - 1) / (out - 1). `.asymmetric`, TensorFlow's old way: source = y in / out.
func resizedBilinear(_ x: Value, height: Int, width: Int, _ coordinates: Resize.Coordinates) throws -> Value {
    if x.height == height, x.width == width { return x }
    return try unary(Resize.to(height: height, width: width, .linear, coordinates), x)
}

func permuted(_ x: Value, _ axes: [Int]) throws -> Value { try unary(Transpose(order: axes), x) }
func reshaped(_ x: Value, _ shape: [Int]) throws -> Value { try unary(Reshape(to: shape), x) }

private func unary(_ op: any Operator, _ x: Value) throws -> Value { try x.layout.add(op, named: "", [.value(x)]) }
