/// How networks that look at whole pictures see them: as their authors' programs do with films, or as they evaluated.
public enum PictureProcessing: String, Sendable, Hashable, CaseIterable {
    /// One look, maps read as they come or little enlarged: fast.
    case video
    /// The official evaluation at one scale: maps enlarged to the picture's own size. Many times slower.
    case evaluation
    /// The official evaluation at several scales, their maps averaged.
    case multiscale
}
