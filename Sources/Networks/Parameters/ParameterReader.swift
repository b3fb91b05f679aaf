import Diagnostics
import Engine

/// A parameter as a network declares it.
public struct Parameter: Sendable {
    public var name: String
    public var shape: [Int]
    public var role: ParameterRole

    public var count: Int { shape.reduce(1, *) }

    public init(name: String, shape: [Int], role: ParameterRole) {
        self.name = name
        self.shape = shape
        self.role = role
    }
}

/// Hands a network its parameters and keeps account of what it asked for, so that in the end every tensor that is missing,
/// has another shape, or is not used can be named. Nothing is ever filled in silently.
public final class ParameterReader {
    private let source: any WeightSource
    public private(set) var parameters: [Parameter] = []
    private var missing: [String] = []
    private var misshapen: [String] = []
    private var used: Set<String> = []
    private var firstError: (any Error)?

    public init(_ source: any WeightSource) { self.source = source }

    /// The parameter, or an empty tensor where `finish` will throw.
    func tensor(_ name: String, shape: [Int], role: ParameterRole) -> Tensor {
        parameters.append(Parameter(name: name, shape: shape, role: role))
        let storedName = source.storedName(of: name)
        used.insert(storedName)
        do {
            guard let tensor = try source.tensor(name, shape: shape, role: role) else {
                missing.append(storedName)
                return Tensor(shape: [0])
            }
            if tensor.shape == shape { return tensor }
            misshapen.append("\(storedName) is \(Shape.text(tensor.shape)), needed \(Shape.text(shape))")
        } catch {
            firstError = firstError ?? error
        }
        return Tensor(shape: [0])
    }

    /// Throws `Failure` of kind `.data` unless the source has exactly what the network needs.
    ///
    /// - Parameters:
    ///   - title: The network's name, for the message.
    ///   - isExpected: Whether a surplus tensor of this name is no mistake. Counters of batch norms never are one.
    func finish(_ title: String, isExpected: (String) -> Bool) throws {
        if let firstError { throw firstError }
        let surplus = source.storedNames.filter {
            !used.contains($0) && !$0.hasSuffix("num_batches_tracked") && !isExpected($0)
        }
        let complaints = [
            complaint(missing, one: "tensor is missing", many: "tensors are missing"),
            complaint(misshapen, one: "tensor has another shape", many: "tensors have another shape"),
            complaint(surplus, one: "tensor is not part of it", many: "tensors are not part of it"),
        ].compactMap { $0 }
        guard complaints.isEmpty else {
            throw Failure(.data, "cannot use weights", at: source.place, because: "for \(title), " + complaints.joined(separator: "; "))
        }
    }

    private func complaint(_ names: [String], one: String, many: String) -> String? {
        guard !names.isEmpty else { return nil }
        let shown = 8
        let rest = names.count > shown ? ", and \(names.count - shown) more" : ""
        return "\(names.count) \(names.count == 1 ? one : many) (\(names.prefix(shown).joined(separator: ", "))\(rest))"
    }
}

/// A place in the tree of a network's parameter names: `weights["layer1"][0]["conv1"]`.
public struct ParameterScope {
    private let reader: ParameterReader
    /// "layer1.0.conv1"; TensorFlow separates by slashes.
    public let path: String
    private let separator: String

    public init(_ reader: ParameterReader, path: String = "", separator: String = ".") {
        self.reader = reader
        self.path = path
        self.separator = separator
    }

    public subscript(name: String) -> ParameterScope {
        ParameterScope(reader, path: path.isEmpty ? name : path + separator + name, separator: separator)
    }

    /// The same place, with another sign between the parts of names below it.
    func separated(by separator: String) -> ParameterScope { ParameterScope(reader, path: path, separator: separator) }

    public subscript(index: Int) -> ParameterScope { self[String(index)] }

    func parameter(_ name: String, _ shape: [Int], _ role: ParameterRole) -> Tensor {
        reader.tensor(self[name].path, shape: shape, role: role)
    }
}
