/// The checksum of TensorFlow's checkpoints: CRC-32 with Castagnoli's polynomial.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }

    static func checksum(_ parts: UnsafeRawBufferPointer...) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var crc = UInt32.max
            for part in parts {
                for byte in part { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ crc >> 8 }
            }
            return ~crc
        }
    }

    /// As it is stored: turned and shifted, so that a checksum of checksums stays one.
    static func masked(_ checksum: UInt32) -> UInt32 { (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8 }
}
