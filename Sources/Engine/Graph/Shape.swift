/// Arithmetic on shapes that a file may have chosen: nil where plain arithmetic would trap.
public enum Shape {
    /// Number of elements; nil when a dimension is negative or the product does not fit.
    public static func count(_ shape: [Int]) -> Int? {
        var product = 1
        var isEmpty = false
        for dimension in shape {
            if dimension < 0 { return nil }
            if dimension == 0 { isEmpty = true; continue }
            let (value, overflow) = product.multipliedReportingOverflow(by: dimension)
            if overflow { return nil }
            product = value
        }
        return isEmpty ? 0 : product
    }

    /// Number of bytes of a dense tensor; nil as for `count`.
    public static func byteCount(_ shape: [Int], _ elementType: ElementType) -> Int? {
        guard let count = count(shape) else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: elementType.byteCount)
        return overflow ? nil : bytes
    }

    /// For messages: "1x3x256x192", "scalar".
    public static func text(_ shape: [Int]) -> String {
        shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
    }
}
