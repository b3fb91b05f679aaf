/// The layers of a plan with their kernels, and every value with its size: what `PlanLayout` gives memory to.
struct LaidOutNetwork {
    struct Value {
        var shape: [Int]
        var elementType: ElementType
        var byteCount: Int
        var constant: Tensor?

        init(_ info: ValueInfo) {
            (shape, elementType, constant) = (info.shape, info.elementType, info.constant)
            byteCount = saturatingProduct(info.count, info.elementType.byteCount)
        }

        init(floats shape: [Int]) {
            self.shape = shape
            elementType = .float32
            byteCount = saturatingProduct(shape.reduce(1) { saturatingProduct($0, $1) }, 4)
        }
    }

    struct Step {
        var name: String
        var operatorName: String
        var kernel: any Kernel
        var inputs: [Int?]
        var outputs: [Int]
    }

    /// Values of the graph by their index, then those that only the layout needs; nil for what is made dynamically or never.
    var values: [Value?]
    /// The value whose memory a value is in, and where.
    var owners: [(value: Int, byteOffset: Int)]
    var steps: [Step] = []
}
