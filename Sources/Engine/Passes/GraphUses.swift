/// Who makes and who reads each value of a graph: what passes look patterns up with.
struct GraphUses {
    /// Layer that makes a value.
    private var makers: [ValueID: Int] = [:]
    /// Layers that read a value, once for each reading; an output of the graph reads too (as nil).
    private var readers: [ValueID: [Int?]] = [:]

    init(_ graph: Graph) {
        for (index, node) in graph.nodes.enumerated() {
            for value in node.outputs { makers[value] = index }
            for case let value? in node.inputs { readers[value, default: []].append(index) }
        }
        for output in graph.outputs { readers[output.value, default: []].append(nil) }
    }

    func maker(of value: ValueID) -> Int? { makers[value] }

    func readers(of value: ValueID) -> [Int?] { readers[value] ?? [] }

    /// The only layer that reads a value which no output of the graph is.
    func onlyReader(of value: ValueID) -> Int? {
        guard let readers = readers[value], readers.count == 1 else { return nil }
        return readers[0]
    }
}
