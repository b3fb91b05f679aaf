import Engine

/// Finds the weights among the things that a training program saved, and turns them into tensors.
struct StateDictionary {
    /// What a pickle of torch's file built.
    let root: PickleValue
    let objects: PickleObjects

    /// Places at which training programs put the weights, in the order in which they are preferred.
    private static let places = ["state_dict", "best_state_dict", "model", "ema", "params"]

    private static let resave = "in Python: torch.save(model.state_dict(), 'weights.pth')"

    /// The named tensors. `bytes` gives the bytes of a storage, from its first element on.
    func checkpoint(fileSize: Int, bytes: (TorchStorage, inout CopyBudget) throws -> ByteSlice) throws -> Checkpoint {
        guard let pairs = objects.pairs(root) else {
            throw Malformed("it holds \(root.kind), not a dictionary of tensors", remedy: Self.resave)
        }
        let (weights, place) = try findWeights(pairs)

        var budget = CopyBudget(fileSize: fileSize)
        var checkpoint = Checkpoint(tensors: [:], names: [])
        for (key, value) in weights {
            guard case .text(let name) = key, case .tensor(let index) = value else { continue }
            do {
                let tensor = try tensor(objects.tensors[index], budget: &budget, bytes: bytes)
                if checkpoint.tensors.updateValue(tensor, forKey: name) == nil { checkpoint.names.append(name) }
            } catch let malformed as Malformed {
                throw Malformed("tensor \(name): \(malformed.why)")
            }
        }
        checkpoint.stripPrefix("module.")
        if place != nil { checkpoint.metadata = facts(pairs) }
        return checkpoint
    }

    private typealias Pairs = [(key: PickleValue, value: PickleValue)]

    private func findWeights(_ pairs: Pairs) throws(Malformed) -> (Pairs, place: String?) {
        if !pairs.isEmpty, pairs.allSatisfy({ isTensor($0.value) }) { return (pairs, nil) }
        for place in Self.places {
            guard let value = objects.value(of: place, in: root), let inner = objects.pairs(value) else { continue }
            if inner.contains(where: { isTensor($0.value) }) { return (inner, place) }
        }
        if pairs.contains(where: { isTensor($0.value) }) { return (pairs, nil) }
        throw nothingFound(pairs)
    }

    private func isTensor(_ value: PickleValue) -> Bool {
        if case .tensor = value { true } else { false }
    }

    private func nothingFound(_ pairs: Pairs) -> Malformed {
        for (key, value) in pairs {
            guard case .text(let name) = key else { continue }
            if case .opaque(let className) = value, Self.places.contains(name) {
                return Malformed("\(name) is a \(className) object, not a dictionary of tensors", remedy: Self.resave)
            }
            for (innerKey, innerValue) in objects.pairs(value) ?? [] {
                guard case .text(let innerName) = innerKey, let inner = objects.pairs(innerValue),
                    inner.contains(where: { isTensor($0.value) })
                else { continue }
                return Malformed(
                    "its tensors lie under \(name).\(innerName), where no known program puts them",
                    remedy: "in Python: torch.save(checkpoint['\(name)']['\(innerName)'], 'weights.pth')")
            }
        }
        let keys = pairs.prefix(8).compactMap { $0.key.plainText }.joined(separator: ", ")
        return Malformed("it holds no tensors (its keys: \(keys.isEmpty ? "none" : keys))", remedy: Self.resave)
    }

    private func tensor(
        _ description: TorchTensor, budget: inout CopyBudget, bytes: (TorchStorage, inout CopyBudget) throws -> ByteSlice
    ) throws -> Tensor {
        let storage = objects.storages[description.storage]
        guard let type = description.type ?? storage.type else {
            throw Malformed("its elements are of torch's \(storage.typeName), which is not supported")
        }
        let elementSize = storage.type?.byteCount ?? 1
        let stored = try bytes(storage, &budget)
        let (start, size) = (
            storage.offset.multipliedReportingOverflow(by: elementSize), storage.count.multipliedReportingOverflow(by: elementSize)
        )
        guard !start.overflow, !size.overflow, storage.count >= 0,
            let used = try? stored.part(at: start.partialValue, count: size.partialValue)
        else {
            throw Malformed("its storage claims \(storage.count) elements, but the file has \(stored.count / elementSize)")
        }
        let layout = TensorLayout(type: type, shape: description.shape, offset: description.offset, strides: description.strides)
        return try layout.tensor(over: used, budget: &budget)
    }

    /// Numbers and short texts that stand beside the weights, and those of `meta`.
    private func facts(_ pairs: Pairs) -> [String: String] {
        var facts: [String: String] = [:]
        for (key, value) in pairs {
            guard case .text(let name) = key else { continue }
            if let text = value.plainText { facts[name] = text }
            guard name == "meta" else { continue }
            for (innerKey, innerValue) in objects.pairs(value) ?? [] {
                if case .text(let innerName) = innerKey, let text = innerValue.plainText { facts["meta.\(innerName)"] = text }
            }
        }
        return facts
    }
}

extension Checkpoint {
    /// Takes a prefix off when all names carry it.
    mutating func stripPrefix(_ prefix: String) {
        guard !names.isEmpty, names.allSatisfy({ $0.hasPrefix(prefix) && $0 != prefix }) else { return }
        names = names.map { String($0.dropFirst(prefix.count)) }
        tensors = Dictionary(uniqueKeysWithValues: tensors.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
    }
}
