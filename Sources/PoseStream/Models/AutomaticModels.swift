/// What `model: auto` stands for: of a few small networks the best one that is at hand; the program's own always is.
enum AutomaticModels {
    static let name = "auto"
    /// Best first.
    static let detectors = ["yolox-nano", "compact-detector"]
    /// Best first. All give heatmaps of COCO's 17 joints.
    static let poses = ["pp-tinypose-256x192", "ultralight-simplepose", "compact-pose"]

    /// What suits the program's own networks better than the usual settings (docs/models.md has what each brings).
    static let ownNMS = 0.6, ownHighBox = 0.7, ownDecoder = PoseDecoder.dark

    static func isOwn(_ model: String) -> Bool {
        if case .program = ModelRegistry.find(model)?.source { true } else { false }
    }

    /// The first name whose file is there.
    static func choice(_ names: [String], in library: ModelLibrary) -> String {
        names.first { name in ModelRegistry.find(name).flatMap(library.locate) != nil } ?? names[names.count - 1]
    }

    /// Better than `name` and to be had by `models pull`.
    static func better(than name: String, of names: [String]) -> String? {
        names.prefix { $0 != name }.first { ModelRegistry.find($0)?.address != nil }
    }
}

extension PipelineConfiguration {
    /// The same with names in place of `auto`, and what suits those models in place of other settings' `auto`.
    func naming(modelsIn library: ModelLibrary) -> PipelineConfiguration {
        var named = self
        if var detect {
            if detect.model == AutomaticModels.name { detect.model = AutomaticModels.choice(AutomaticModels.detectors, in: library) }
            detect.nms = detect.nms.settled(AutomaticModels.isOwn(detect.model) ? AutomaticModels.ownNMS : nil, or: Detect.usualNMS)
            named.detect = detect
        }
        let ownBoxes = named.detect.map { AutomaticModels.isOwn($0.model) } ?? false
        named.highBox = highBox.settled(ownBoxes ? AutomaticModels.ownHighBox : nil, or: track.highBox)
        if pose.model == AutomaticModels.name { named.pose.model = AutomaticModels.choice(AutomaticModels.poses, in: library) }
        named.pose.decoder = pose.decoder.settled(AutomaticModels.isOwn(named.pose.model) ? AutomaticModels.ownDecoder : nil, or: Pose.usualDecoder)
        return named
    }

    /// What could be pulled in place of the program's own networks, where `auto` came down to them; empty otherwise.
    ///
    /// - Parameter named: this configuration with names in place of `auto`.
    func betterModels(than named: PipelineConfiguration) -> [String] {
        var better: [String?] = []
        if let detect, let name = named.detect?.model, detect.model == AutomaticModels.name {
            better.append(AutomaticModels.better(than: name, of: AutomaticModels.detectors))
        }
        if pose.model == AutomaticModels.name { better.append(AutomaticModels.better(than: named.pose.model, of: AutomaticModels.poses)) }
        return better.compactMap { $0 }
    }
}
