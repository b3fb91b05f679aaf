/// A setting that a pipeline may leave to its model: `auto` in a file.
public enum Suited<Value: Sendable & Hashable>: Sendable, Hashable {
    /// What suits the model: its own where it was made for other than the usual one.
    case auto
    case fixed(Value)

    func value(or usual: Value) -> Value {
        if case .fixed(let value) = self { value } else { usual }
    }

    /// In place of `auto` what the model wants, or the usual value where it wants none.
    func settled(_ wanted: Value?, or usual: Value) -> Suited {
        .fixed(value(or: wanted ?? usual))
    }
}

extension Suited: ConfigurationScalar where Value: ConfigurationScalar {
    init?(_ value: ConfigurationValue) {
        if value == .text("auto") {
            self = .auto
        } else if let value = Value(value) {
            self = .fixed(value)
        } else {
            return nil
        }
    }

    var configurationValue: ConfigurationValue {
        switch self {
        case .auto: .text("auto")
        case .fixed(let value): value.configurationValue
        }
    }
}

extension PoseDecoder: ConfigurationScalar {
    init?(_ value: ConfigurationValue) {
        guard case .text(let name) = value else { return nil }
        self.init(rawValue: name)
    }

    var configurationValue: ConfigurationValue { .text(rawValue) }
}
