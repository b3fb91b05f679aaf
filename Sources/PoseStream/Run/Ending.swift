import Diagnostics
import Records

/// Why a run came to its end.
enum Ending {
    case endOfSource
    /// The part that was asked for is done.
    case limit
    case interrupted
    case readerClosed
    case failed(Failure)

    var failure: Failure? {
        if case .failed(let failure) = self { failure } else { nil }
    }

    /// All that was asked for is done.
    var isComplete: Bool {
        switch self {
        case .endOfSource, .limit: true
        case .interrupted, .readerClosed, .failed: false
        }
    }

    var reason: EndRecord.Reason {
        switch self {
        case .endOfSource: .endOfFile
        case .limit: .limit
        case .interrupted: .interrupted
        case .readerClosed: .outputClosed
        case .failed: .error
        }
    }
}

extension Failure {
    /// Any error as a failure; what is none of ours is a defect.
    init(wrapping error: any Error) {
        self = error as? Failure
            ?? Failure(.internalDefect, "unexpected error", at: "", because: "\(error)", remedy: "please report this line")
    }
}
