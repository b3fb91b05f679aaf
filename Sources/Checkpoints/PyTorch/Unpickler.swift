/// Interpreter of Python's pickle format, protocols 0 to 5, that executes nothing.
///
/// A pickle is a program for a stack machine. The opcodes that build plain data are carried out; those that would call
/// something go to `call`, which knows the few constructors of PyTorch's files and otherwise keeps an inert remark or
/// throws. (Python's own reader calls whatever the file names.)
struct Unpickler {
    private(set) var objects = PickleObjects()
    /// Where the pickle ended, behind its STOP.
    var offset: Int { reader.offset }

    private var reader: ByteReader
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var elementsLeft = Unpickler.largestElementCount

    /// Bounds memory: a pickle can ask for an object with each of its bytes.
    private static let largestElementCount = 8_000_000

    /// The value of the pickle that begins at `offset`, and what it built.
    static func read(_ slice: ByteSlice, at offset: Int = 0) throws(Malformed) -> (value: PickleValue, objects: PickleObjects, end: Int) {
        var unpickler = Unpickler(reader: try ByteReader(slice, at: offset))
        let value = try unpickler.run()
        return (value, unpickler.objects, unpickler.offset)
    }

    private init(reader: ByteReader) { self.reader = reader }

    private mutating func run() throws(Malformed) -> PickleValue {
        while true {
            let code = try reader.integer(UInt8.self)
            if code == UInt8(ascii: ".") { return try pop() }
            try step(code)
        }
    }

    private mutating func step(_ code: UInt8) throws(Malformed) {
        switch code {
        // Protocol and framing say nothing that we need.
        case 0x80: _ = try reader.integer(UInt8.self)
        case 0x95: _ = try reader.bytes(8)

        // Constants.
        case UInt8(ascii: "N"): try push(.none)
        case 0x88: try push(.bool(true))
        case 0x89: try push(.bool(false))
        case UInt8(ascii: "K"): try push(.integer(Int(reader.integer(UInt8.self))))
        case UInt8(ascii: "M"): try push(.integer(Int(reader.integer(UInt16.self))))
        case UInt8(ascii: "J"): try push(.integer(Int(reader.integer(Int32.self))))
        case UInt8(ascii: "I"), UInt8(ascii: "L"): try push(decimal(reader.line(), isLong: code == UInt8(ascii: "L")))
        case 0x8A: try push(longInteger(Int(reader.integer(UInt8.self))))
        case 0x8B: try push(longInteger(Int(reader.integer(Int32.self))))
        case UInt8(ascii: "F"): try push(.real(real(reader.line())))
        case UInt8(ascii: "G"): try push(.real(Double(bitPattern: reader.integer(UInt64.self).byteSwapped)))
        case UInt8(ascii: "S"): try push(.text(quoted(reader.line())))
        case UInt8(ascii: "V"): try push(.text(String(reader.line())))
        case UInt8(ascii: "U"), 0x8C: try push(.text(String(reader.bytes(Int(reader.integer(UInt8.self))))))
        case UInt8(ascii: "T"): try push(.text(String(reader.bytes(Int(reader.integer(Int32.self))))))
        case UInt8(ascii: "X"): try push(.text(String(reader.bytes(Int(reader.integer(UInt32.self))))))
        case 0x8D: try push(.text(String(reader.bytes(reader.length()))))
        case UInt8(ascii: "C"): try push(.bytes(reader.bytes(Int(reader.integer(UInt8.self)))))
        case UInt8(ascii: "B"): try push(.bytes(reader.bytes(Int(reader.integer(UInt32.self)))))
        case 0x8E, 0x96: try push(.bytes(reader.bytes(reader.length())))

        // Containers.
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: ")"), UInt8(ascii: "]"), 0x8F: try push(newList([]))
        case UInt8(ascii: "t"), UInt8(ascii: "l"), 0x91: try push(newList(popToMark()))
        case 0x85...0x87: try push(newList(pop(count: Int(code) - 0x84)))
        case UInt8(ascii: "}"): try push(newDictionary())
        case UInt8(ascii: "d"):
            let items = try popToMark()
            try push(newDictionary())
            try setItems(items)
        case UInt8(ascii: "a"): try append([pop()])
        case UInt8(ascii: "e"), 0x90: try append(popToMark())
        case UInt8(ascii: "s"): try setItems(pop(count: 2))
        case UInt8(ascii: "u"): try setItems(popToMark())

        // Stack and memo.
        case UInt8(ascii: "0"):
            if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): try push(top())
        case UInt8(ascii: "p"): try remember(at: index(reader.line()))
        case UInt8(ascii: "q"): try remember(at: Int(reader.integer(UInt8.self)))
        case UInt8(ascii: "r"): try remember(at: Int(reader.integer(UInt32.self)))
        case 0x94: try remember(at: memo.count)
        case UInt8(ascii: "g"): try push(recall(index(reader.line())))
        case UInt8(ascii: "h"): try push(recall(Int(reader.integer(UInt8.self))))
        case UInt8(ascii: "j"): try push(recall(Int(reader.integer(UInt32.self))))

        // Names and calls: nothing is called.
        case UInt8(ascii: "c"): try push(.global("\(String(reader.line())).\(String(reader.line()))"))
        case 0x93:
            let names = try pop(count: 2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else { throw damaged("a name that is no text") }
            try push(.global("\(module).\(name)"))
        case UInt8(ascii: "R"), 0x81:
            let parts = try pop(count: 2)
            guard let arguments = objects.elements(parts[1]) else { throw damaged("a call without arguments") }
            try push(PickleCalls.result(of: parts[0], arguments, isConstructor: code == 0x81, in: &objects))
        case 0x92:
            let parts = try pop(count: 3)
            try push(PickleCalls.result(of: parts[0], [], isConstructor: true, in: &objects))
        case UInt8(ascii: "o"):
            let parts = try popToMark()
            guard let callee = parts.first else { throw damaged("a call of nothing") }
            try push(PickleCalls.result(of: callee, Array(parts.dropFirst()), isConstructor: false, in: &objects))
        case UInt8(ascii: "i"):
            let callee = PickleValue.global("\(String(try reader.line())).\(String(try reader.line()))")
            try push(PickleCalls.result(of: callee, popToMark(), isConstructor: false, in: &objects))
        // Attributes of an object: a state dict's `_metadata`, an unknown object's content. Neither is a weight.
        case UInt8(ascii: "b"): _ = try pop()
        case UInt8(ascii: "Q"): try push(PickleCalls.storage(pop(), in: &objects))
        case UInt8(ascii: "P"): throw Malformed("its pickle refers to an object by text, which PyTorch does not do")
        case 0x82...0x84: throw Malformed("its pickle uses Python's extension registry")
        case 0x97, 0x98: throw Malformed("its pickle refers to buffers outside the file")
        default: throw damaged("opcode \(String(code, radix: 16)), which does not exist")
        }
    }

    // MARK: - Stack

    private func damaged(_ what: String) -> Malformed { Malformed("its pickle is damaged at byte \(reader.offset): \(what)") }

    private mutating func retain(_ count: Int = 1) throws(Malformed) {
        guard count <= elementsLeft else { throw Malformed("its pickle builds more than \(Self.largestElementCount) objects") }
        elementsLeft -= count
    }

    private mutating func push(_ value: PickleValue) throws(Malformed) {
        try retain()
        stack.append(value)
    }

    private func top() throws(Malformed) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else { throw damaged("its stack is empty") }
        return value
    }

    private mutating func pop() throws(Malformed) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(count: Int) throws(Malformed) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw damaged("its stack is empty") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(Malformed) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw damaged("its mark is missing") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func remember(at index: Int) throws(Malformed) {
        let value = try top()
        if memo.updateValue(value, forKey: index) == nil { try retain() }
    }

    private func recall(_ index: Int) throws(Malformed) -> PickleValue {
        guard let value = memo[index] else { throw damaged("it recalls object \(index), which was never stored") }
        return value
    }

    // MARK: - Containers

    private mutating func newList(_ elements: [PickleValue]) throws(Malformed) -> PickleValue {
        try retain(elements.count)
        objects.lists.append(elements)
        return .list(objects.lists.count - 1)
    }

    private mutating func newDictionary() -> PickleValue {
        objects.dictionaries.append([])
        return .dictionary(objects.dictionaries.count - 1)
    }

    /// Appends to the list on top of the stack; what is put into an unknown object is dropped.
    private mutating func append(_ elements: [PickleValue]) throws(Malformed) {
        switch try top() {
        case .list(let index):
            try retain(elements.count)
            objects.lists[index].append(contentsOf: elements)
        case .opaque: break
        default: throw damaged("an element for something that is no list")
        }
    }

    /// Puts key, value, key, value … into the dictionary on top of the stack.
    private mutating func setItems(_ items: [PickleValue]) throws(Malformed) {
        guard items.count.isMultiple(of: 2) else { throw damaged("a key without a value") }
        switch try top() {
        case .dictionary(let index):
            try retain(items.count)
            for i in stride(from: 0, to: items.count, by: 2) { objects.dictionaries[index].append((items[i], items[i + 1])) }
        case .opaque: break
        default: throw damaged("an item for something that is no dictionary")
        }
    }

    // MARK: - Numbers and text

    private func decimal(_ line: ByteSlice, isLong: Bool) throws(Malformed) -> PickleValue {
        var text = String(line)
        // Protocol 0 writes truth values as the numbers 00 and 01.
        if !isLong, text == "00" || text == "01" { return .bool(text == "01") }
        if isLong, text.hasSuffix("L") { text.removeLast() }
        if let value = Int(text) { return .integer(value) }
        guard text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 45 }), text.utf8.count <= 4096 else {
            throw damaged("a number that is none")
        }
        return .largeInteger(text)
    }

    private func index(_ line: ByteSlice) throws(Malformed) -> Int {
        guard let index = Int(String(line)), index >= 0 else { throw damaged("an object number that is none") }
        return index
    }

    private func real(_ line: ByteSlice) throws(Malformed) -> Double {
        guard let value = Double(String(line)) else { throw damaged("a number that is none") }
        return value
    }

    /// Two's complement, little-endian, of any length.
    private mutating func longInteger(_ count: Int) throws(Malformed) -> PickleValue {
        let bytes = try reader.bytes(count)
        guard count <= 8 else { return .largeInteger("a large integer") }
        var value = 0
        for (place, byte) in bytes.bytes.enumerated() { value |= Int(byte) << (8 * place) }
        let unused = 64 - 8 * count
        return .integer(count == 0 ? 0 : (value << unused) >> unused)
    }

    /// Text in Python's quotes; escapes of protocol 0 stay as they are, as no name of a tensor needs them.
    private func quoted(_ line: ByteSlice) throws(Malformed) -> String {
        let text = String(line)
        guard text.utf8.count >= 2, let quote = text.first, quote == "'" || quote == "\"", text.last == quote else {
            throw damaged("text without quotes")
        }
        return String(text.dropFirst().dropLast())
    }
}
