import Diagnostics
import Engine
import Sampling

/// What a detector network's outputs mean, recognised from their shapes alone, so that a user's own export works.
///
/// Spec: networks-bottomup sections 3, 4 and 5.
public enum DetectorKind: Sendable, Hashable {
    /// One output `[1, A, 5 + classes]` with a row for each cell of the strides 8, 16, 32.
    case yolox(classes: Int)
    case nanoDet(NanoDetLayout)
    /// One output `[1, 5, A]`: our own.
    case compact
    /// Two outputs, `[1, A, classes]` and `[1, A, 4]`, with nine rows for each cell of the strides 8 to 128.
    case retinaNet(classes: Int)

    public var classes: Int {
        switch self {
        case .yolox(let classes), .retinaNet(let classes): classes
        case .nanoDet(let layout): layout.classes
        case .compact: 1
        }
    }

    var normalization: PixelNormalization {
        switch self {
        case .yolox: .bytesBGR
        case .nanoDet: .nanoDet
        case .compact: .imageNet
        case .retinaNet: .imageNet
        }
    }

    /// Throws `Failure` of kind `.data` that lists the outputs when they are those of no detector we know.
    public static func recognise(_ outputs: [PlannedValue], input: InputSize, model: String) throws -> DetectorKind {
        if let kind = recognise(outputs.map(\.shape), input: input), outputs.allSatisfy({ $0.elementType == .float32 }) {
            return kind
        }
        let list = outputs.map { "\"\($0.name)\" \($0.isDataDependent ? "?" : Shape.text($0.shape))" }
        throw Failure(
            .data, "cannot use model as a person detector", at: model,
            because: "its outputs are those of neither YOLOX nor NanoDet nor RetinaNet: \(list.joined(separator: ", "))",
            remedy: "export YOLOX with one output [1, cells, 5 + classes], or NanoDet without post-processing")
    }

    /// The same from shapes alone; nil when nothing fits.
    package static func recognise(_ shapes: [[Int]], input: InputSize) -> DetectorKind? {
        guard input.isSensible else { return nil }
        if shapes.count == 1 { return single(shapes[0], input) }
        if let classes = retinaNetClasses(shapes, input) { return .retinaNet(classes: classes) }
        return NanoDetLayout(pairs: shapes, input: input).map(DetectorKind.nanoDet)
    }

    private static func retinaNetClasses(_ shapes: [[Int]], _ input: InputSize) -> Int? {
        guard shapes.count == 2, shapes.allSatisfy({ $0.count == 3 && $0[0] == 1 }), shapes[1][2] == 4, shapes[0][2] > 0 else { return nil }
        let anchors = AnchorPyramid.anchorsPerCell * CellTable.cells([8, 16, 32, 64, 128], input).reduce(0, +)
        return shapes.allSatisfy { $0[1] == anchors } ? shapes[0][2] : nil
    }

    private static func single(_ shape: [Int], _ input: InputSize) -> DetectorKind? {
        let cells = CellTable.cells(CompactDecoder.strides, input).reduce(0, +)
        if shape == [1, CompactDecoder.values, cells] { return .compact }
        guard let table = CellTable(shape) else { return nil }
        if let layout = NanoDetLayout(single: table, input: input) { return .nanoDet(layout) }
        guard table.rows == CellTable.cells([8, 16, 32], input).reduce(0, +), table.columns >= 6 else { return nil }
        return .yolox(classes: table.columns - 5)
    }
}

/// A network's output as rows (cells of the strides' grids) and columns: `[1, rows, columns]` or `[rows, columns]`.
struct CellTable {
    let rows: Int
    let columns: Int

    init?(_ shape: [Int]) {
        guard shape.count == 2 || (shape.count == 3 && shape[0] == 1) else { return nil }
        (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    }

    /// Number of cells of each stride's grid.
    static func cells(_ strides: [Int], _ input: InputSize) -> [Int] {
        strides.map { ((input.width + $0 - 1) / $0) * ((input.height + $0 - 1) / $0) }
    }
}
