import CKernels
import Diagnostics

/// Copies a strided walk through `input` into the dense `output`.
///
/// `sizes` are those of the walk (their product is the output's count), `steps` and `offset` count elements of the input.
func copyStrided(_ input: TensorView, offset: Int = 0, sizes: [Int], steps: [Int], into output: TensorView) {
    guard !sizes.contains(0) else { return }
    let element = input.elementType.byteCount
    ps_copy_strided(output.bytes, input.bytes + offset * element, element, sizes.count, sizes, steps)
}

/// Reorders dimensions: dimension i of the result is dimension `order[i]` of the input; nil reverses all.
public struct Transpose: Operator {
    public var order: [Int]?
    public init(order: [Int]? = nil) { self.order = order }

    func checkedOrder(rank: Int) throws -> [Int] {
        guard let order else { return Array((0..<rank).reversed()) }
        guard order.sorted() == Array(0..<rank) else { throw misfit("\(order) is no order of \(rank) dimensions") }
        return order
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        let order = try checkedOrder(rank: input.shape.count)
        return [ValueInfo(input.elementType, try checked(order.map { input.shape[$0] }))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        let strides = Shape.strides(input.shape)
        let order = try checkedOrder(rank: input.shape.count)
        copyStrided(input, sizes: order.map { input.shape[$0] }, steps: order.map { strides[$0] }, into: outputs[0])
    }
}

/// Moves channels of an [N, C, H, W] map into blocks of pixels: [N, C/b², H b, W b].
public struct DepthToSpace: Operator {
    /// How a channel's number is made: block row, block column, channel (`DCR`), or channel first (`CRD`, PyTorch's PixelShuffle).
    public enum Order: String, Sendable { case depthColumnRow = "DCR", columnRowDepth = "CRD" }

    public var blockSize: Int
    public var order: Order

    public init(blockSize: Int, order: Order = .depthColumnRow) {
        self.blockSize = blockSize
        self.order = order
    }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        let shape = try checked(input.shape)
        guard shape.count == 4, (1...4096).contains(blockSize), shape[1] % (blockSize * blockSize) == 0 else {
            throw misfit("shape \(shape) with blocks of \(blockSize)")
        }
        let area = blockSize * blockSize
        return [ValueInfo(input.elementType, try checked([shape[0], shape[1] / area, shape[2] * blockSize, shape[3] * blockSize]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        let (b, s) = (blockSize, input.shape)
        let (plane, channels) = (s[2] * s[3], s[1] / (b * b))
        let isDepthFirst = order == .columnRowDepth
        let step = (channel: (isDepthFirst ? b * b : 1) * plane, row: (isDepthFirst ? b : b * channels) * plane,
                    column: (isDepthFirst ? 1 : channels) * plane)
        copyStrided(
            input, sizes: [s[0], channels, s[2], b, s[3], b],
            steps: [s[1] * plane, step.channel, s[3], step.row, 1, step.column], into: outputs[0])
    }
}

/// Moves blocks of pixels of an [N, C, H, W] map into channels: [N, C b², H/b, W/b].
public struct SpaceToDepth: Operator {
    public var blockSize: Int
    public init(blockSize: Int) { self.blockSize = blockSize }

    public func infer(_ inputs: [ValueInfo?]) throws -> [ValueInfo] {
        let input = try required(inputs, 0)
        let shape = try checked(input.shape)
        guard shape.count == 4, (1...4096).contains(blockSize), shape[2] % blockSize == 0, shape[3] % blockSize == 0 else {
            throw misfit("shape \(shape) with blocks of \(blockSize)")
        }
        let area = blockSize * blockSize
        return [ValueInfo(input.elementType, try checked([shape[0], shape[1] * area, shape[2] / blockSize, shape[3] / blockSize]))]
    }

    public func compute(_ inputs: [TensorView?], into outputs: [TensorView], scratch: UnsafeMutableRawBufferPointer) throws {
        let input = try required(inputs, 0)
        let (b, s) = (blockSize, input.shape)
        let plane = s[2] * s[3]
        copyStrided(
            input, sizes: [s[0], b, b, s[1], s[2] / b, s[3] / b], steps: [s[1] * plane, s[3], 1, plane, s[3] * b, b],
            into: outputs[0])
    }
}
