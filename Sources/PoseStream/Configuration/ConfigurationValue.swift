/// A scalar in a pipeline file or after `--set key=`.
public enum ConfigurationValue: Sendable, Hashable {
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
}

/// A Swift type that a pipeline key can have.
protocol ConfigurationScalar: Sendable {
    init?(_ value: ConfigurationValue)
    var configurationValue: ConfigurationValue { get }
}

extension Bool: ConfigurationScalar {
    init?(_ value: ConfigurationValue) {
        guard case .boolean(let boolean) = value else { return nil }
        self = boolean
    }
    var configurationValue: ConfigurationValue { .boolean(self) }
}

extension Int: ConfigurationScalar {
    init?(_ value: ConfigurationValue) {
        guard case .integer(let integer) = value else { return nil }
        self = integer
    }
    var configurationValue: ConfigurationValue { .integer(self) }
}

extension Double: ConfigurationScalar {
    init?(_ value: ConfigurationValue) {
        guard case .number(let number) = value else { return nil }
        self = number
    }
    var configurationValue: ConfigurationValue { .number(self) }
}

extension String: ConfigurationScalar {
    init?(_ value: ConfigurationValue) {
        guard case .text(let text) = value else { return nil }
        self = text
    }
    var configurationValue: ConfigurationValue { .text(self) }
}

/// What a key accepts, for the check and for the message.
enum ConfigurationKind: Sendable {
    case boolean
    case integer(ClosedRange<Int>)
    /// A whole number, or a word that stands for one.
    case integerOr(String, ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// A number, or a word that stands for one.
    case numberOr(String, ClosedRange<Double>)
    case choice([String])
    case text

    /// What a user should write, for the error line: "a number from 0 to 1".
    var expectation: String {
        switch self {
        case .boolean: "true or false"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .integerOr(let word, let range): "\(word) or a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(short(range.lowerBound)) to \(short(range.upperBound))"
        case .numberOr(let word, let range): "\(word) or \(ConfigurationKind.number(range).expectation)"
        case .choice(let names): "one of " + names.joined(separator: ", ")
        case .text: "text"
        }
    }

    /// Reads the scalar as this kind; nil when it does not fit.
    func parse(_ scalar: String) -> ConfigurationValue? {
        switch self {
        case .boolean:
            switch scalar.lowercased() {
            case "true", "yes", "on": return .boolean(true)
            case "false", "no", "off": return .boolean(false)
            default: return nil
            }
        case .integer(let range):
            guard let value = Int(scalar), range.contains(value) else { return nil }
            return .integer(value)
        case .integerOr(let word, let range):
            return scalar == word ? .text(word) : ConfigurationKind.integer(range).parse(scalar)
        case .number(let range):
            guard let value = Double(scalar), range.contains(value) else { return nil }
            return .number(value)
        case .numberOr(let word, let range):
            return scalar == word ? .text(word) : ConfigurationKind.number(range).parse(scalar)
        case .choice(let names):
            return names.contains(scalar) ? .text(scalar) : nil
        case .text:
            return scalar.isEmpty ? nil : .text(scalar)
        }
    }

    private func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : String(value)
    }
}
