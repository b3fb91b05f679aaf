import CKernels
import Diagnostics
import Engine
import Sampling

/// A detector's network, planned for one picture, with the recognised meaning of its outputs.
final class DetectorNetwork {
    let kind: DetectorKind
    let size: InputSize
    let executor: Executor
    private let sampler: InputSampler

    init(_ graph: Graph, model: String, options: DetectorOptions) throws {
        let input = try PictureInput(graph, model: model)
        size = try input.size(wanted: options.inputSize, standard: InputSize(width: 416, height: 416))
        let plan = try input.plan(graph, size: size)
        kind = try DetectorKind.recognise(plan.outputs, input: size, model: model)
        guard (0..<kind.classes).contains(options.personClass) else {
            throw Failure(
                .configuration, "cannot take class \(options.personClass) for people", at: model,
                because: "it knows \(kind.classes) classes", remedy: "COCO models have people in class 0")
        }
        executor = Executor(plan)
        sampler = InputSampler(width: size.width, height: size.height, normalization: kind.normalization)
    }

    /// Runs the network on the whole picture.
    func run(_ image: ps_image, _ letterbox: Letterbox, fill: UInt8) throws {
        executor.withInput(0) { view in
            sampler.letterbox(
                image, contentWidth: letterbox.contentWidth, contentHeight: letterbox.contentHeight, fill: fill, into: view.floats)
        }
        try executor.run()
    }
}
