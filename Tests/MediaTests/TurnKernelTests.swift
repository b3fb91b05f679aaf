import CKernels
import Testing

@Suite("Turning planes")
struct TurnKernelTests {
    @Test("every size, sample width and direction equals the plain loop, and nothing around is touched", arguments: [1, 2, 3, 4, 5, 6, 8])
    func twin(bytes: Int) {
        var random = SystemRandomNumberGenerator()
        for (columns, rows) in [(1, 1), (8, 8), (7, 9), (16, 16), (17, 33), (40, 24), (3, 50), (64, 8), (31, 1)] {
            let row = columns * bytes + 5
            let source = (0..<(row * rows + 16)).map { _ in UInt8.random(in: 0...255, using: &random) }
            for transposes in [false, true] {
                for (mirrorsX, mirrorsY) in [(false, false), (true, false), (false, true), (true, true)] {
                    let (outColumns, outRows) = transposes ? (rows, columns) : (columns, rows)
                    let outRow = outColumns * bytes + 7
                    var seen = [UInt8](repeating: 0xA5, count: outRow * outRows + 32)
                    let (alongX, alongY) = (mirrorsX ? -bytes : bytes, mirrorsY ? -row : row)
                    let first = (mirrorsX ? (columns - 1) * bytes : 0) + (mirrorsY ? (rows - 1) * row : 0)
                    source.withUnsafeBufferPointer { from in
                        seen.withUnsafeMutableBufferPointer { to in
                            ps_turn_plane(
                                from.baseAddress! + first, transposes ? alongY : alongX, transposes ? alongX : alongY,
                                to.baseAddress! + 16, outRow, Int32(outColumns), Int32(outRows), Int32(bytes))
                        }
                    }
                    var expected = [UInt8](repeating: 0xA5, count: outRow * outRows + 32)
                    for j in 0..<outRows {
                        for i in 0..<outColumns {
                            let (u, v) = transposes ? (j, i) : (i, j)
                            let (x, y) = (mirrorsX ? columns - 1 - u : u, mirrorsY ? rows - 1 - v : v)
                            for byte in 0..<bytes { expected[16 + j * outRow + i * bytes + byte] = source[y * row + x * bytes + byte] }
                        }
                    }
                    #expect(seen == expected, "\(columns)x\(rows) \(transposes) \(mirrorsX) \(mirrorsY)")
                }
            }
        }
    }
}
