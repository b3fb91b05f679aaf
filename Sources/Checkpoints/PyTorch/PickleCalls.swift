/// The calls that PyTorch's files contain, and what each becomes here. The one place that decides what is understood, what
/// is kept as an inert remark, and what is refused.
enum PickleCalls {
    /// What Python would get by calling `callee`: a value that we build ourselves, or a remark that an object stood here.
    ///
    /// Throws for everything that is neither known nor plainly an object's class, with the name of what Python would call.
    static func result(
        of callee: PickleValue, _ arguments: [PickleValue], isConstructor: Bool, in objects: inout PickleObjects
    ) throws(Malformed) -> PickleValue {
        guard case .global(let name) = callee else {
            throw Malformed("its pickle calls \(callee.kind), which only a program should do", remedy: resave)
        }
        switch name {
        case "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "builtins.dict", "__builtin__.dict":
            return orderedDictionary(arguments, in: &objects)
        case "torch.Size", "builtins.tuple", "__builtin__.tuple", "builtins.list", "__builtin__.list",
            "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset":
            if let content = arguments.first, case .list = content { return content }
            objects.lists.append([])
            return .list(objects.lists.count - 1)
        case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3":
            return try tensor(arguments, in: &objects)
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.nn.parameter.Parameter":
            guard let content = arguments.first else { throw Malformed("its pickle holds a parameter without a tensor") }
            return content
        case "torch._tensor._rebuild_from_type_v2":
            // (function, type, arguments, state): a tensor that carried attributes.
            guard arguments.count >= 3, let inner = objects.elements(arguments[2]), case .global(let function) = arguments[0],
                function.hasPrefix("torch._utils._rebuild_")
            else { throw Malformed("its pickle holds a tensor of an unknown class", remedy: resave) }
            return try result(of: arguments[0], inner, isConstructor: false, in: &objects)
        default:
            guard isHarmless(name, isConstructor: isConstructor) else {
                throw Malformed("it would call \(name) when Python loads it; nothing was executed", remedy: resave)
            }
            // Protocols 0 and 1 make objects by this function, whose first argument is the class.
            if name.hasSuffix("._reconstructor"), case .global(let className)? = arguments.first { return .opaque(className: className) }
            return .opaque(className: name)
        }
    }

    /// The storage that a persistent identifier names: ("storage", class, key, device, number of elements[, view]).
    static func storage(_ identifier: PickleValue, in objects: inout PickleObjects) throws(Malformed) -> PickleValue {
        guard let parts = objects.elements(identifier), parts.count >= 5, case .text("storage") = parts[0],
            case .global(let typeName) = parts[1], case .integer(let count) = parts[4]
        else { throw Malformed("its pickle refers to something that is no storage") }
        let key: String
        switch parts[2] {
        case .text(let text): key = text
        case .integer(let number): key = String(number)
        default: throw Malformed("its pickle refers to a storage without a key")
        }

        let className = typeName.split(separator: ".").last ?? ""
        guard typeName.hasPrefix("torch."), className.hasSuffix("Storage") else {
            throw Malformed("its pickle refers to a storage of class \(typeName)")
        }
        var storage = TorchStorage(
            key: key, type: StoredType(torchStorage: className.dropLast("Storage".count)), typeName: String(className), count: count)
        // PyTorch before 0.4 could save a view of a storage: (key of the view, offset, size).
        if parts.count > 5, let view = objects.elements(parts[5]), view.count == 3 {
            guard case .integer(let offset) = view[1], case .integer(let size) = view[2], offset >= 0 else {
                throw Malformed("its pickle holds a damaged view of a storage")
            }
            (storage.offset, storage.count) = (offset, size)
        }
        objects.storages.append(storage)
        return .storage(objects.storages.count - 1)
    }

    // MARK: - What is understood

    private static func orderedDictionary(_ arguments: [PickleValue], in objects: inout PickleObjects) -> PickleValue {
        var pairs: [(key: PickleValue, value: PickleValue)] = []
        // The last argument holds the content (before it a defaultdict names its factory): pairs, as Python 2 wrote them.
        if let content = arguments.last {
            if let copied = objects.pairs(content) { return objects.copyDictionary(copied) }
            for element in objects.elements(content) ?? [] {
                guard let pair = objects.elements(element), pair.count == 2 else { continue }
                pairs.append((pair[0], pair[1]))
            }
        }
        return objects.copyDictionary(pairs)
    }

    /// (storage, offset, shape, strides, …); version 3 has the type as its seventh argument.
    private static func tensor(_ arguments: [PickleValue], in objects: inout PickleObjects) throws(Malformed) -> PickleValue {
        guard arguments.count >= 4, case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = objects.integers(arguments[2]), let strides = objects.integers(arguments[3])
        else { throw Malformed("its pickle holds a tensor whose description is damaged") }
        var tensor = TorchTensor(storage: storage, type: nil, shape: shape, offset: offset, strides: strides)
        if arguments.count >= 7, case .global(let dtype) = arguments[6], dtype.hasPrefix("torch.") {
            tensor.type = StoredType(torchDtype: dtype.dropFirst("torch.".count))
        }
        objects.tensors.append(tensor)
        return .tensor(objects.tensors.count - 1)
    }

    // MARK: - What is kept as a remark

    private static let resave = "in Python: torch.save(model.state_dict(), 'weights.pth')"

    /// Functions that only build values: Python's own way to write bytes, NumPy's to write arrays, torch's to write devices.
    private static let harmlessFunctions: Set<String> = [
        "_codecs.encode", "builtins.bytearray", "builtins.bytes", "builtins.complex", "builtins.slice", "builtins.range",
        "builtins.object", "__builtin__.bytearray", "__builtin__.complex", "__builtin__.object", "__builtin__.xrange",
        "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar",
        "numpy._core.multiarray._reconstruct", "numpy._core.multiarray.scalar", "numpy.core.numeric._frombuffer",
        "numpy._core.numeric._frombuffer", "numpy.random._pickle.__randomstate_ctor", "numpy.random.__RandomState_ctor",
        "torch.device", "torch.dtype", "torch.Generator", "torch.serialization._get_layout", "copy_reg._reconstructor",
        "copyreg._reconstructor", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "collections.deque",
        "builtins.getattr", "__builtin__.getattr",
    ]

    /// Modules of Python's library whose classes start processes, run code or reach out when they are called.
    private static let activeModules: Set<String> = [
        "subprocess", "os", "posix", "nt", "sys", "builtins", "__builtin__", "ctypes", "importlib", "runpy", "code", "codeop", "pty",
        "socket", "urllib", "http", "ftplib", "smtplib", "webbrowser", "multiprocessing", "threading", "asyncio", "tempfile", "shutil",
        "pickle", "_pickle", "marshal", "types", "functools", "operator", "timeit", "pdb", "bdb", "cProfile", "profile", "trace",
        "io", "_io", "commands", "popen2", "platform", "signal", "mmap", "zipimport", "pkgutil", "pydoc", "doctest", "unittest",
    ]

    /// An object of some class (numbers of NumPy, mmengine's log, a configuration) stands in many checkpoints beside the
    /// weights. It is not built, so it can do no harm, and the weights are read. A call of a function is another matter:
    /// weights need none, so the file is refused.
    private static func isHarmless(_ name: String, isConstructor: Bool) -> Bool {
        if harmlessFunctions.contains(name) { return true }
        let parts = name.split(separator: ".")
        guard parts.count > 1, !activeModules.contains(String(parts[0])), let last = parts.last?.first else { return false }
        return isConstructor || last.isUppercase
    }
}

extension PickleObjects {
    fileprivate mutating func copyDictionary(_ pairs: [(key: PickleValue, value: PickleValue)]) -> PickleValue {
        dictionaries.append(pairs)
        return .dictionary(dictionaries.count - 1)
    }
}
