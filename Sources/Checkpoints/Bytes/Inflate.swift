import CZlib

/// Unpacks deflated bytes (RFC 1951) into memory of a known size.
enum Inflate {
    /// No deflate stream grows by more than this (RFC 1951: 258 bytes from about two bits).
    private static let largestRatio = 1032

    /// Throws when the stream is damaged, does not give exactly `size` bytes, or has another checksum. `size` is believed
    /// only as far as so many packed bytes can yield it.
    static func unpack(_ packed: ByteSlice, size: Int, checksum: UInt32, budget: inout CopyBudget) throws -> ByteSlice {
        guard size / largestRatio <= packed.count + 1 else {
            throw Malformed("it claims \(size) bytes, more than \(packed.count) packed ones can hold")
        }
        try budget.draw(size)
        let owner = try ByteOwner(byteCount: size) { target in
            try withExtendedLifetime(packed.owner) { try unpack(packed.bytes, into: target) }
            guard crc32_z(0, target.baseAddress?.assumingMemoryBound(to: UInt8.self), z_size_t(size)) == UInt(checksum) else {
                throw Malformed("it is damaged: its checksum differs")
            }
        }
        return ByteSlice(all: owner)
    }

    private static func unpack(_ packed: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws {
        var stream = z_stream()
        // Negative window bits: a bare deflate stream without zlib's header.
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Malformed("no memory to unpack it")
        }
        defer { inflateEnd(&stream) }

        // zlib counts in 32 bits, so large members go in and out in pieces.
        let piece = 1 << 30
        var (consumed, produced) = (0, 0)
        while true {
            let input = min(packed.count - consumed, piece), output = min(target.count - produced, piece)
            stream.next_in = UnsafeMutablePointer(
                mutating: packed.baseAddress?.advanced(by: consumed).assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(input)
            stream.next_out = target.baseAddress?.advanced(by: produced).assumingMemoryBound(to: UInt8.self)
            stream.avail_out = UInt32(output)
            let result = inflate(&stream, Z_NO_FLUSH)
            let (tookIn, gaveOut) = (input - Int(stream.avail_in), output - Int(stream.avail_out))
            consumed += tookIn
            produced += gaveOut
            if result == Z_STREAM_END { break }
            guard result == Z_OK, tookIn + gaveOut > 0 else { throw Malformed("it is damaged: it does not unpack to its stated size") }
        }
        guard produced == target.count else { throw Malformed("it unpacks to \(produced) bytes, not to \(target.count)") }
    }
}
