/// A value that a pickle builds. Containers and torch's objects are numbers into a `PickleObjects`, so that values are
/// small, may refer to each other in circles, and are released without recursion however deep they are nested.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer beyond 64 bits: its digits, or "a large integer".
    case largeInteger(String)
    case real(Double)
    case text(String)
    case bytes(ByteSlice)
    /// A list, tuple or set: an index into `PickleObjects.lists`.
    case list(Int)
    /// A dictionary, ordered: an index into `PickleObjects.dictionaries`.
    case dictionary(Int)
    /// A class or function by name, "collections.OrderedDict". Only named, never looked up or called.
    case global(String)
    case storage(Int)
    case tensor(Int)
    /// An object of a class that we do not know; its content is dropped.
    case opaque(className: String)
}

/// A storage as a pickle declares it; where its bytes lie is the container's affair.
struct TorchStorage {
    var key: String
    /// nil for untyped storages and for types that we do not read.
    var type: StoredType?
    /// For messages: "FloatStorage".
    var typeName: String
    /// Declared number of elements.
    var count: Int
    /// Where it begins in the storage of that key, in elements (old files only).
    var offset: Int = 0
}

/// A tensor as a pickle declares it; unchecked.
struct TorchTensor {
    var storage: Int
    /// Set when the tensor's type is not that of its storage.
    var type: StoredType?
    var shape: [Int]
    var offset: Int
    var strides: [Int]
}

/// Everything that one pickle has built.
struct PickleObjects {
    var lists: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [TorchStorage] = []
    var tensors: [TorchTensor] = []

    func elements(_ value: PickleValue) -> [PickleValue]? {
        if case .list(let index) = value { lists[index] } else { nil }
    }

    func pairs(_ value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
        if case .dictionary(let index) = value { dictionaries[index] } else { nil }
    }

    /// The value of a text key; the last one if it stands there twice, as in Python.
    func value(of key: String, in dictionary: PickleValue) -> PickleValue? {
        pairs(dictionary)?.last { if case .text(key) = $0.key { true } else { false } }?.value
    }

    func integers(_ value: PickleValue) -> [Int]? {
        guard let elements = elements(value) else { return nil }
        var integers: [Int] = []
        for element in elements {
            guard case .integer(let integer) = element else { return nil }
            integers.append(integer)
        }
        return integers
    }
}

extension PickleValue {
    /// A number, truth value or short text as text; nil for everything else.
    var plainText: String? {
        switch self {
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .largeInteger(let digits): digits
        case .real(let value): String(value)
        case .text(let text) where text.utf8.count <= 200: text
        default: nil
        }
    }

    /// For messages: what Python calls it.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool, .integer, .largeInteger, .real: "a number"
        case .text: "a string"
        case .bytes: "bytes"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .global(let name): "the name \(name)"
        case .storage: "a storage"
        case .tensor: "a single tensor"
        case .opaque(let className): "a \(className) object"
        }
    }
}
