import Diagnostics
import Engine
import Foundation

/// The named tensors of a weight file.
///
/// Read from safetensors, from PyTorch's files (`.pth`, `.pt`, `.pth.tar`: the zip form, and the form written before
/// PyTorch 1.6) or from the index of a TensorFlow checkpoint (`.ckpt.index`, the data beside it), told apart by content, never
/// by name. Nothing in a file is executed. bfloat16 is widened to float32 and
/// int16 to int32, both exactly; all other types stay what they are.
public struct Checkpoint: Sendable {
    /// By name, without the wrapper that held them and without one `module.` that all of them carried.
    public var tensors: [String: Tensor]
    /// The names in the order of the file.
    public var names: [String]
    /// Plain facts that stand beside the tensors, as text: `epoch`, `arch`, `meta.epoch`.
    public var metadata: [String: String]

    public init(tensors: [String: Tensor], names: [String], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.names = names
        self.metadata = metadata
    }

    /// Reads a weight file, which stays mapped while its tensors are in use.
    ///
    /// Throws `Failure`: `.noInput` when the file cannot be opened, `.data` when it is damaged, of another kind, or holds
    /// anything that would call a function in Python.
    public static func load(contentsOf url: URL) throws -> Checkpoint {
        try load(ByteSlice(all: try ByteOwner(mapping: url)), at: url)
    }

    /// Reads weights that are part of the program; nothing is copied.
    ///
    /// - Parameters:
    ///   - bytes: constant memory that lives as long as the program, laid out as a weight file.
    ///   - name: for messages.
    /// - Throws: `Failure` (`.data`) as for a file.
    public static func load(program bytes: UnsafeRawBufferPointer, name: String) throws -> Checkpoint {
        try load(ByteSlice(all: ByteOwner(program: bytes)), at: URL(fileURLWithPath: name))
    }

    private static func load(_ file: ByteSlice, at url: URL) throws -> Checkpoint {
        do {
            return try read(file, at: url)
        } catch let malformed as Malformed {
            throw Failure(.data, "cannot read weights", at: url.relativePath, because: malformed.why, remedy: malformed.remedy)
        }
    }

    private static func read(_ file: ByteSlice, at url: URL) throws -> Checkpoint {
        switch try CheckpointFormat(of: file) {
        case .safetensors: try Safetensors.read(file)
        case .torchZip: try TorchZip.read(file)
        case .torchLegacy: try TorchLegacy.read(file)
        case .tensorFlowIndex: try TensorFlowBundle.read(index: file, at: url)
        }
    }
}

/// A weight that is no number.
public struct NonFiniteValue: Sendable, Equatable, CustomStringConvertible {
    public var tensor: String
    /// Position in row-major order.
    public var index: Int
    public var isNaN: Bool

    public init(tensor: String, index: Int, isNaN: Bool) {
        self.tensor = tensor
        self.index = index
        self.isNaN = isNaN
    }

    public var description: String { "\(tensor) holds \(isNaN ? "NaN" : "an infinity") at position \(index)" }
}

extension Checkpoint {
    /// The first NaN or infinity in file order; nil when all floating-point values are finite.
    public func firstNonFinite() -> NonFiniteValue? {
        for name in names {
            if let value = firstNonFinite(in: name) { return value }
        }
        return nil
    }

    /// The first NaN or infinity in one tensor.
    public func firstNonFinite(in name: String) -> NonFiniteValue? {
        tensors[name]?.firstNonFinite().map { NonFiniteValue(tensor: name, index: $0.position, isNaN: $0.isNaN) }
    }
}

extension Tensor {
    /// Position of the first NaN or infinity.
    func firstNonFinite() -> (position: Int, isNaN: Bool)? {
        switch elementType {
        case .float32: firstNonFinite(exponent: 0x7F80_0000 as UInt32, fraction: 0x007F_FFFF)
        case .float16: firstNonFinite(exponent: 0x7C00 as UInt16, fraction: 0x03FF)
        case .float64: firstNonFinite(exponent: 0x7FF0_0000_0000_0000 as UInt64, fraction: 0x000F_FFFF_FFFF_FFFF)
        case .int64, .int32, .int8, .uint8, .bool: nil
        }
    }

    private func firstNonFinite<Bits: FixedWidthInteger & BitwiseCopyable>(
        exponent: Bits, fraction: Bits
    ) -> (position: Int, isNaN: Bool)? {
        withElements(as: Bits.self) { bits in
            guard let position = bits.firstIndex(where: { $0 & exponent == exponent }) else { return nil }
            return (position, bits[position] & fraction != 0)
        }
    }
}
