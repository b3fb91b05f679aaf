import Diagnostics
import Engine
import Foundation
import SwiftProtobuf

/// Writes a graph as an ONNX file, so that other programs can run the very network.
///
/// Operator set 17, weights as they are (float32, raw). Input shapes must be fixed. Written are the operators that our
/// networks are made of; a graph with another one is refused, naming the layer.
public struct ONNXWriter {
    static let opset = 17
    /// Version 8 of the file format came with operator set 15; every runtime of the last years reads it.
    static let formatVersion = 8
    /// Protocol buffers cannot hold more.
    private static let largest = Int(Int32.max) - (1 << 20)

    private let graph: Graph
    private var proto = Onnx_GraphProto()
    private var names: [ValueID: String] = [:]
    private var infos: [ValueID: ValueInfo] = [:]
    private var usedNames: Set<String> = []
    private var usedLabels: Set<String> = []

    /// The bytes of a file with this graph.
    ///
    /// - Parameters:
    ///   - name: The graph's name in the file.
    ///   - producer: What wrote the file, with its version.
    /// - Throws: `Failure` (`.data`) that names a layer that cannot be written.
    public static func file(of graph: Graph, name: String, producer: (name: String, version: String)) throws -> Data {
        var writer = ONNXWriter(graph)
        try writer.write()
        writer.proto.name = name
        var model = Onnx_ModelProto()
        model.irVersion = Int64(formatVersion)
        model.producerName = producer.name
        model.producerVersion = producer.version
        var opset = Onnx_OperatorSetIdProto()
        opset.domain = ""
        opset.version = Int64(Self.opset)
        model.opsetImport = [opset]
        model.graph = writer.proto
        return try model.serializedData()
    }

    private init(_ graph: Graph) { self.graph = graph }

    // MARK: - Values

    private mutating func write() throws {
        let bytes = graph.constants.values.reduce(0) { $0 + $1.byteCount }
        guard bytes < Self.largest else {
            throw Failure(.data, "cannot export network", at: "weights", because: "\(bytes) bytes do not fit into one ONNX file")
        }
        for input in graph.inputs {
            let shape = input.shape.compactMap { $0 }
            guard shape.count == input.shape.count else {
                throw Failure(.data, "cannot export network", at: "input \"\(input.name)\"", because: "its shape is not fixed")
            }
            names[input.value] = unique(input.name)
            infos[input.value] = ValueInfo(input.elementType, shape)
            proto.input.append(Self.valueInfo(names[input.value] ?? "", input.elementType, shape))
        }
        for output in graph.outputs where names[output.value] == nil { names[output.value] = unique(output.name) }
        for (index, node) in graph.nodes.enumerated() { try write(node, index) }
        for output in graph.outputs {
            guard let info = infos[output.value], let name = names[output.value] else {
                throw Failure(.data, "cannot export network", at: "output \"\(output.name)\"", because: "no layer makes it")
            }
            proto.output.append(Self.valueInfo(name, info.elementType, info.shape))
        }
    }

    private mutating func unique(_ wanted: String) -> String { Self.unique(wanted, among: &usedNames) }

    private static func unique(_ wanted: String, among names: inout Set<String>) -> String {
        var name = wanted, count = 2
        while !names.insert(name).inserted {
            name = "\(wanted)_\(count)"
            count += 1
        }
        return name
    }

    private static func valueInfo(_ name: String, _ elementType: ElementType, _ shape: [Int]) -> Onnx_ValueInfoProto {
        var info = Onnx_ValueInfoProto()
        info.name = name
        info.type.tensorType.elemType = dataType(elementType)
        info.type.tensorType.shape.dim = shape.map { size in
            var dimension = Onnx_TensorShapeProto.Dimension()
            dimension.dimValue = Int64(size)
            return dimension
        }
        return info
    }

    private static func dataType(_ elementType: ElementType) -> Int32 {
        switch elementType {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .int32: 6
        case .int64: 7
        case .bool: 9
        case .float16: 10
        case .float64: 11
        }
    }

    // MARK: - Layers

    private mutating func write(_ node: Node, _ index: Int) throws {
        func refuse(_ why: String) -> Failure {
            Failure(.data, "cannot export network", at: "layer \"\(node.name)\" (\(node.op.name))", because: why)
        }
        let inputs = node.inputs.map { value in value.flatMap { graph.constants[$0].map { ValueInfo($0) } ?? infos[$0] } }
        let results = try node.op.infer(inputs)
        guard node.outputs.count == 1, let result = results.first, let output = node.outputs.first else {
            throw refuse("it has \(node.outputs.count) outputs")
        }
        guard let layer = ONNXLayer(node.op, inputs: inputs, output: result) else { throw refuse("this operator is not written") }
        let label = node.name.isEmpty ? "\(layer.type)_\(index)" : node.name
        var message = Onnx_NodeProto()
        message.opType = layer.type
        // Layers that share their weights have one name with us; each needs its own in a file.
        message.name = Self.unique(label, among: &usedLabels)
        message.attribute = layer.attributes
        message.input = try node.inputs.enumerated().map { place, value in
            guard let value else { return "" }
            if let name = names[value] { return name }
            guard let tensor = graph.constants[value] else { throw refuse("input \(place) is made by no layer before it") }
            return initializer(tensor, for: value, named: "\(label).\(layer.role(of: place))")
        }
        for tensor in layer.extraInputs {
            message.input.append(tensor.map { initializer($0, for: nil, named: "\(label).\(layer.role(of: message.input.count))") } ?? "")
        }
        infos[output] = ValueInfo(result.elementType, result.shape)
        let name = names[output] ?? unique("\(label)_out")
        names[output] = name
        guard let (type, attributes) = layer.following else {
            message.output = [name]
            proto.node.append(message)
            return
        }
        // An activation that is part of our layer is one of its own there.
        let inner = unique("\(label)_raw")
        message.output = [inner]
        proto.node.append(message)
        var activation = Onnx_NodeProto()
        (activation.opType, activation.attribute) = (type, attributes)
        activation.name = Self.unique("\(label)_\(type)", among: &usedLabels)
        (activation.input, activation.output) = ([inner], [name])
        proto.node.append(activation)
    }

    private mutating func initializer(_ tensor: Tensor, for value: ValueID?, named wanted: String) -> String {
        let name = unique(wanted)
        if let value { names[value] = name }
        var stored = Onnx_TensorProto()
        stored.name = name
        stored.dims = tensor.shape.map(Int64.init)
        stored.dataType = Self.dataType(tensor.elementType)
        stored.rawData = tensor.rawData
        proto.initializer.append(stored)
        return name
    }
}

extension Tensor {
    /// The elements, little-endian as ONNX wants them.
    fileprivate var rawData: Data {
        switch elementType {
        case .float64, .int64: withElements(as: UInt64.self) { Data(buffer: $0) }
        case .float32, .int32: withElements(as: UInt32.self) { Data(buffer: $0) }
        case .float16: withElements(as: UInt16.self) { Data(buffer: $0) }
        case .int8, .uint8, .bool: withElements(as: UInt8.self) { Data(buffer: $0) }
        }
    }
}
