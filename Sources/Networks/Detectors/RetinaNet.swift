import Engine

/// "Focal Loss for Dense Object Detection" (Lin et al., ICCV 2017), figure 3, as torchvision's `retinanet_resnet50_fpn`
/// (version 1) has it.
public struct RetinaNet: Network {
    public struct Configuration: Sendable, Equatable {
        /// 91 for COCO, with an unused 0.
        public var classes: Int
        /// Only this class is computed; nil: all. Person is 1.
        public var onlyClass: Int?
        /// 0 for torchvision's own weights, else 1e-5.
        public var batchNormEpsilon: Float

        public init(classes: Int = 91, onlyClass: Int? = nil, batchNormEpsilon: Float = 0) {
            self.classes = classes
            self.onlyClass = onlyClass
            self.batchNormEpsilon = batchNormEpsilon
        }
    }

    public let configuration: Configuration
    let body: ResNet
    /// For C3, C4, C5.
    let innerBlocks, layerBlocks: [Conv2d]
    let p6, p7: Conv2d
    let classificationHead, regressionHead: AnchorHead

    public init(_ configuration: Configuration, _ weights: ParameterScope) {
        self.configuration = configuration
        body = ResNet(weights["backbone"]["body"], .r50, epsilon: configuration.batchNormEpsilon)
        let fpn = weights["backbone"]["fpn"]
        innerBlocks = [512, 1024, 2048].enumerated().map { Conv2d(fpn["inner_blocks"][$0][0], $1, 256, 1, bias: true) }
        layerBlocks = (0..<3).map { Conv2d(fpn["layer_blocks"][$0][0], 256, 256, 3, bias: true) }
        p6 = Conv2d(fpn["extra_blocks"]["p6"], 256, 256, 3, stride: 2, bias: true)
        p7 = Conv2d(fpn["extra_blocks"]["p7"], 256, 256, 3, stride: 2, bias: true)

        func head(_ weights: ParameterScope, _ output: String, values: Int) -> AnchorHead {
            AnchorHead(
                tower: (0..<4).map { Conv2d(weights["conv"][$0][0], 256, 256, 3, bias: true) },
                output: Conv2d(weights[output], 256, AnchorHead.anchors * values, 3, bias: true), values: values)
        }
        let heads = weights["head"]
        let classification = head(heads["classification_head"], "cls_logits", values: configuration.classes)
        classificationHead = configuration.onlyClass.map(classification.only) ?? classification
        regressionHead = head(heads["regression_head"], "bbox_reg", values: 4)
    }

    public static func title(_ configuration: Configuration) -> String { "RetinaNet ResNet-50-FPN" }

    public let outputNames = ["cls_logits", "bbox_regression"]

    /// Outputs "cls_logits" [N, A, classes] (before the sigmoid) and "bbox_regression" [N, A, 4], where A runs over level,
    /// row, column and anchor. H and W are multiples of 32.
    public func callAsFunction(_ image: Value) throws {
        let features = try body(image)
        features.c5.named("c5")
        let inner5 = try innerBlocks[2](features.c5)
        let inner4 = try upsampledNearest(inner5, like: features.c4) + innerBlocks[1](features.c4)
        let inner3 = try upsampledNearest(inner4, like: features.c3) + innerBlocks[0](features.c3)
        let p3 = try layerBlocks[0](inner3).named("p3")
        let p4 = try layerBlocks[1](inner4)
        let p5 = try layerBlocks[2](inner5)
        let p6 = try p6(p5).named("p6")
        let p7 = try p7(relu(p6)).named("p7")
        let levels = [p3, p4, p5, p6, p7]
        try classificationHead(levels).named("cls_logits")
        try regressionHead(levels).named("bbox_regression")
    }
}

extension AnchorHead {
    /// The head that computes one value of each anchor.
    fileprivate func only(_ value: Int) -> AnchorHead {
        let rows = (0..<Self.anchors).map { $0 * values + value }
        let kept = Conv2d(name: output.name, weight: output.weight.rows(rows), bias: output.bias?.rows(rows), op: output.op)
        return AnchorHead(tower: tower, output: kept, values: 1)
    }
}

extension Tensor {
    /// Some entries of the first dimension; itself where there are not so many.
    fileprivate func rows(_ rows: [Int]) -> Tensor {
        guard let count = shape.first, rows.allSatisfy({ $0 < count }) else { return self }
        let size = shape.dropFirst().reduce(1, *)
        let values = withElements(as: Float.self) { elements in rows.flatMap { elements[$0 * size..<($0 + 1) * size] } }
        return Tensor(values, shape: [rows.count] + shape.dropFirst())
    }
}
