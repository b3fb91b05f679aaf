import Records

extension PipelineConfiguration {
    /// The resolved pipeline for the header record: the same sections and keys as in a pipeline file.
    var json: JSONValue {
        var members: [JSONValue.Member] = []
        for (key, value) in entries {
            let member = JSONValue.Member(key.section.isEmpty ? key.path : key.name, value.json)
            if key.section.isEmpty {
                members.append(member)
            } else if let last = members.last, last.name == key.section, case .object(let rows) = last.value {
                members[members.count - 1].value = .object(rows + [member])
            } else {
                members.append(JSONValue.Member(key.section, .object([member])))
            }
        }
        return .object(members)
    }
}

extension ConfigurationValue {
    fileprivate var json: JSONValue {
        switch self {
        case .boolean(let boolean): .bool(boolean)
        case .integer(let integer): .integer(integer)
        case .number(let number): .number(number)
        case .text(let text): .string(text)
        }
    }
}
