/// What `model: auto` stands for: of a few small networks the best one that is at hand; the program's own always is.
enum AutomaticModels {
    static let name = "auto"
    /// Best first.
    static let detectors = ["yolox-nano", "compact-detector"]
    /// Best first. All give heatmaps of COCO's 17 joints.
    static let poses = ["pp-tinypose-256x192", "ultralight-simplepose", "compact-pose"]

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
    /// The same with names in place of `auto`.
    func naming(modelsIn library: ModelLibrary) -> PipelineConfiguration {
        var named = self
        if detect?.model == AutomaticModels.name { named.detect?.model = AutomaticModels.choice(AutomaticModels.detectors, in: library) }
        if pose.model == AutomaticModels.name { named.pose.model = AutomaticModels.choice(AutomaticModels.poses, in: library) }
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
