import Engine

/// A node while its rule turns it into an operator: typed attributes, and inputs that may be taken away.
/// Every attribute must be asked for, since one that is overlooked changes the result.
struct ONNXNode {
    let proto: Onnx_NodeProto
    let opset: Int
    /// What each input is; nil where an optional one is absent.
    private(set) var inputs: [Input?]
    /// Outputs beyond this number are not made.
    var outputLimit = 1
    private(set) var tensors: ONNXTensorReader
    private var unread: [String: Onnx_AttributeProto] = [:]

    /// A value of the graph, with its content if that is stored in the file.
    typealias Input = (value: ValueID, content: Tensor?)

    init(_ proto: Onnx_NodeProto, opset: Int, inputs: [Input?], tensors: ONNXTensorReader) {
        self.proto = proto
        self.opset = opset
        self.inputs = inputs
        self.tensors = tensors
        for attribute in proto.attribute { unread[attribute.name] = attribute }
    }

    func checkNothingUnread() throws {
        guard let name = unread.keys.min() else { return }
        throw Malformed("attribute \(name) is not supported")
    }

    /// An attribute of this type, if there is one. Files of the first format version do not state types.
    private mutating func take(_ name: String, _ type: Onnx_AttributeProto.AttributeType) throws -> Onnx_AttributeProto? {
        guard let attribute = unread.removeValue(forKey: name) else { return nil }
        guard attribute.refAttrName.isEmpty else { throw Malformed("attribute \(name) refers to a function's attribute") }
        guard attribute.type == type || (attribute.type == .undefined && !attribute.hasType) else {
            throw Malformed("attribute \(name) is of type \(attribute.type), not \(type)")
        }
        return attribute
    }

    /// Attributes that mean nothing here.
    mutating func ignore(_ names: String...) {
        for name in names { unread[name] = nil }
    }

    mutating func integer(_ name: String) throws -> Int? { try take(name, .int).map { Int($0.i) } }
    mutating func integer(_ name: String, default value: Int) throws -> Int { try integer(name) ?? value }
    mutating func flag(_ name: String, default value: Bool = false) throws -> Bool { try integer(name).map { $0 != 0 } ?? value }
    mutating func integers(_ name: String) throws -> [Int]? { try take(name, .ints).map { $0.ints.map { Int($0) } } }
    mutating func float(_ name: String) throws -> Float? { try take(name, .float)?.f }
    mutating func float(_ name: String, default value: Float) throws -> Float { try float(name) ?? value }
    mutating func floats(_ name: String) throws -> [Float]? { try take(name, .floats)?.floats }
    mutating func text(_ name: String) throws -> String? { try take(name, .string).map { String(decoding: $0.s, as: UTF8.self) } }

    mutating func tensor(_ name: String) throws -> Tensor? {
        guard let attribute = try take(name, .tensor) else { return nil }
        return try tensors.tensor(attribute.t)
    }

    /// A word as one of an enumeration's raw values.
    mutating func choice<Choice: RawRepresentable<String>>(_ name: String, default value: Choice) throws -> Choice {
        guard let word = try text(name) else { return value }
        guard let choice = Choice(rawValue: word) else { throw Malformed("\(name) \"\(word)\" is not supported") }
        return choice
    }

    /// Puts the inputs into another order; -1 stands for an absent one.
    mutating func keepInputs(_ indices: Int...) {
        inputs = indices.map { inputs.indices.contains($0) ? inputs[$0] : nil }
    }

    func hasInput(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

    /// The content of an input, when it is stored in the file.
    func storedInput(_ index: Int) -> Tensor? {
        index < inputs.count ? inputs[index]?.content : nil
    }

    /// The value of a Constant layer.
    mutating func constant() throws -> Tensor {
        if let tensor = try tensor("value") { return tensor }
        if let value = try float("value_float") { return Tensor([value], shape: []) }
        if let values = try floats("value_floats") { return Tensor(values, shape: [values.count]) }
        if let value = try integer("value_int") { return Tensor([Int64(value)], shape: []) }
        if let values = try integers("value_ints") { return Tensor(values.map { Int64($0) }, shape: [values.count]) }
        throw Malformed("it has no value that is a dense tensor of numbers")
    }
}
