import Engine

extension ONNXOperators {
    /// What moves, cuts, joins and makes elements.
    static let shapes: [String: Rule] = [
        "Identity": { _ in Identity() },
        "Dropout": { node in
            node.ignore("ratio", "seed")
            if node.hasInput(2) {
                let mode = node.storedInput(2)
                guard let mode, mode.elementType == .bool, mode.count == 1, mode.withElements(as: UInt8.self, { $0[0] }) == 0 else {
                    throw Malformed("dropout in training mode is not supported")
                }
            }
            node.keepInputs(0)
            return Identity()
        },
        "Reshape": { node in Reshape(allowZero: try node.flag("allowzero")) },
        "Flatten": { node in Flatten(axis: try node.integer("axis", default: 1)) },
        "Squeeze": { node in Squeeze(axes: try node.integers("axes")) },
        "Unsqueeze": { node in Unsqueeze(axes: try node.integers("axes")) },
        "Transpose": { node in Transpose(order: try node.integers("perm")) },
        "DepthToSpace": { node in
            DepthToSpace(
                blockSize: try node.integer("blocksize", default: 0), order: try node.choice("mode", default: .depthColumnRow))
        },
        "SpaceToDepth": { node in SpaceToDepth(blockSize: try node.integer("blocksize", default: 0)) },
        "Slice": { node in
            StridedSlice(starts: try node.integers("starts"), ends: try node.integers("ends"), axes: try node.integers("axes"))
        },
        "Concat": { node in
            guard let axis = try node.integer("axis") else { throw Malformed("attribute axis is missing") }
            return Concat(axis: axis)
        },
        "Split": { node in
            node.outputLimit = .max
            let count = try node.integer("num_outputs") ?? node.proto.output.count
            guard count == node.proto.output.count else { throw Malformed("num_outputs is \(count), it has \(node.proto.output.count)") }
            let sizes = try node.integers("split")
            return Split(axis: try node.integer("axis", default: 0), sizes: sizes, numberOfParts: count)
        },
        "Expand": { _ in Expand() },
        "Tile": { _ in Tile() },
        "Pad": { node in
            Pad(
                mode: try node.choice("mode", default: .constant), amounts: try node.integers("pads"),
                value: try node.float("value", default: 0))
        },
        "Gather": { node in Gather(axis: try node.integer("axis", default: 0)) },
        "GatherElements": { node in GatherElements(axis: try node.integer("axis", default: 0)) },
        "GatherND": { node in GatherND(batchDimensions: try node.integer("batch_dims", default: 0)) },
        "Shape": { node in ShapeOf(start: try node.integer("start", default: 0), end: try node.integer("end")) },
        "Size": { _ in SizeOf() },
        "ConstantOfShape": { node in try node.tensor("value").map { ConstantOfShape($0) } ?? ConstantOfShape() },
        "Range": { _ in NumberRange() },
        "Cast": { node in
            // Only for 8-bit floats, which are refused.
            node.ignore("saturate")
            guard let type = try node.integer("to") else { throw Malformed("attribute to is missing") }
            return Cast(to: try StoredType(onnx: type).elementType)
        },
        "NonZero": { _ in NonZero() },
        "NonMaxSuppression": { node in
            NonMaxSuppression(boxesAreCentred: try node.flag("center_point_box"))
        },
    ]
}
