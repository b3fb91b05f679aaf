import Sampling

/// Where a NanoDet network says what: its strides, its outputs, and the point of a cell.
///
/// The three generations differ (spec: networks-bottomup section 5; weights README).
public struct NanoDetLayout: Sendable, Hashable {
    /// The point that a cell's distances are measured from, for cell (x, y) of stride s.
    public enum Center: Sendable, Hashable {
        /// (x s, y s): NanoDet-Plus.
        case corner
        /// ((x + 0.5) s, ..): NanoDet 0.4.
        case middle
        /// (x s + (s - 1) / 2, ..): the first NanoDet, exported with a pair of outputs for each stride.
        case middlePixel

        func offset(stride: Int) -> Double {
            switch self {
            case .corner: 0
            case .middle: Double(stride) / 2
            case .middlePixel: Double(stride - 1) / 2
            }
        }
    }

    /// One stride: where its rows are.
    public struct Level: Sendable, Hashable {
        public var stride: Int
        /// Output that holds the class scores, and the first row of this stride in it.
        public var scores: Int
        /// Output that holds the distances (the same one when classes and distances share rows).
        public var distances: Int
        public var firstRow: Int
    }

    public var classes: Int
    /// Bins of each side's distribution (reg_max + 1).
    public var bins: Int
    public var levels: [Level]
    public var center: Center
    /// Whether the picture keeps its ratio (scaled into the left upper corner) or is stretched over the input.
    public var keepsRatio: Bool

    /// Whether class scores and distances stand in the same rows.
    var isShared: Bool { levels.first.map { $0.scores == $0.distances } ?? false }

    /// Four sides of eight bins: what every published configuration has.
    private static let sideColumns = 32

    init(classes: Int, levels: [Level], center: Center, keepsRatio: Bool) {
        self.classes = classes
        self.bins = Self.sideColumns / 4
        self.levels = levels
        self.center = center
        self.keepsRatio = keepsRatio
    }

    /// One output with classes and distances in each row.
    ///
    /// Four strides are NanoDet-Plus. With three, YOLOX has as many rows: there only 80 classes (COCO) or a single one are
    /// taken for NanoDet 0.4.
    init?(single table: CellTable, input: InputSize) {
        let classes = table.columns - Self.sideColumns
        guard classes >= 1 else { return nil }
        func levels(_ strides: [Int]) -> [Level] {
            var row = 0
            return zip(strides, CellTable.cells(strides, input)).map { stride, cells in
                defer { row += cells }
                return Level(stride: stride, scores: 0, distances: 0, firstRow: row)
            }
        }
        let (three, four) = ([8, 16, 32], [8, 16, 32, 64])
        if table.rows == CellTable.cells(four, input).reduce(0, +) {
            self.init(classes: classes, levels: levels(four), center: .corner, keepsRatio: false)
        } else if table.rows == CellTable.cells(three, input).reduce(0, +), classes == 80 || classes == 1 {
            self.init(classes: classes, levels: levels(three), center: .middle, keepsRatio: false)
        } else {
            return nil
        }
    }

    /// A pair of outputs for each stride, classes `[1, cells, classes]` and distances `[1, cells, 32]`, in any order.
    init?(pairs shapes: [[Int]], input: InputSize) {
        let strides: [Int]
        switch shapes.count {
        case 6: strides = [8, 16, 32]
        case 8: strides = [8, 16, 32, 64]
        default: return nil
        }
        var classes: Int?
        var levels: [Level] = []
        for (stride, cells) in zip(strides, CellTable.cells(strides, input)) {
            let tables = shapes.enumerated().compactMap { index, shape in CellTable(shape).map { (index: index, table: $0) } }
                .filter { $0.table.rows == cells }
            // Of two equal widths the first is the classes: that is the order in which every export writes them.
            guard tables.count == 2, let distances = tables.lastIndex(where: { $0.table.columns == Self.sideColumns }) else {
                return nil
            }
            let scores = tables[1 - distances]
            guard classes == nil || classes == scores.table.columns, scores.table.columns >= 1 else { return nil }
            classes = scores.table.columns
            levels.append(Level(stride: stride, scores: scores.index, distances: tables[distances].index, firstRow: 0))
        }
        guard let classes else { return nil }
        let isPlus = strides.count == 4
        self.init(classes: classes, levels: levels, center: isPlus ? .corner : .middlePixel, keepsRatio: !isPlus)
    }
}
