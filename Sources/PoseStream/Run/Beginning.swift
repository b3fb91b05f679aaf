import Media
import Records

/// How a run begins.
enum Beginning {
    case run(Begun)
    /// Not at all: an earlier run has come to the end.
    case finished(EndRecord)
}

/// A run whose source and outputs are open.
struct Begun {
    var source: SelectedSource
    /// Pictures of the whole run, also those of the run that is continued; nil when unknown.
    var expectedFrames: Int?
    var stages: Handover<Stages>
    /// After which it goes on; nil at the start.
    var bookmark: Bookmark?
    var records: RecordWriter?
    var video: VideoStage?
    /// Nil where no run could go on.
    var keeper: BookmarkKeeper?
}
