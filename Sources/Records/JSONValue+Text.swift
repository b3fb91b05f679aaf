extension JSONValue {
    /// The value as JSON on one line, numbers with the shortest digits that give the same value back.
    public var text: String {
        var text = JSONText()
        text.value(self)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
