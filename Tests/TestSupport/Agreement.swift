import Foundation

/// Tells how closely our numbers and those of the official code agree, in lines that `benchmarks/systems` makes a table of.
public enum Agreement {
    /// - Parameters:
    ///   - system: "SimpleBaseline".
    ///   - subject: what was compared: "sb_r50_256x192, 15 maps".
    ///   - difference: the worst: "3.1e-06 of the largest value".
    public static func tell(_ system: String, _ subject: String, _ difference: String) {
        print("agreement | \(system) | \(subject) | \(difference)")
    }

    /// "3.1e-06".
    public static func text(_ difference: Double) -> String { difference == 0 ? "0" : String(format: "%.1e", difference) }
}
