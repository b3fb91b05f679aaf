import CKernels
import Diagnostics
import Foundation

/// Dense inverse search between two pictures (Kroeger et al. 2016; spec: optical-flow section 2), with OpenCV's results.
///
/// Owns the memory to work in; belongs to one caller at a time.
package final class DenseSearch {
    /// OpenCV's presets.
    package enum Preset: String, Sendable, CaseIterable {
        case ultrafast, fast, medium
    }

    package let width: Int
    package let height: Int
    private var how: ps_dis
    private let work: FloatMemory
    private let kernels: FlowKernels

    /// For pictures of one size; nil for pictures of less than 8 pixels on a side, in which there is no patch.
    package init?(_ preset: Preset, width: Int, height: Int, kernels: FlowKernels) throws {
        how = switch preset {
        case .ultrafast: ps_dis(finest: 2, coarsest: 0, stride: 4, steps: 6, refinements: 0)
        case .fast: ps_dis(finest: 2, coarsest: 0, stride: 4, steps: 8, refinements: 5)
        case .medium: ps_dis(finest: 1, coarsest: 0, stride: 3, steps: 12, refinements: 5)
        }
        guard ps_dis_scales(&how, Int32(width), Int32(height)) != 0 else { return nil }
        work = try FloatMemory(count: ps_dis_work_floats(&how, Int32(width), Int32(height)))
        self.width = width
        self.height = height
        self.kernels = kernels
    }

    /// A picture at the scales of a search.
    package final class Picture {
        fileprivate let memory: FloatMemory
        fileprivate var layout = ps_dis_picture()

        /// Room for pictures of the search.
        package init(for search: DenseSearch) throws {
            var how = search.how
            let (width, height) = (Int32(search.width), Int32(search.height))
            memory = try FloatMemory(count: ps_dis_picture_layout(nil, &how, nil, width, height) / 4 + 1)
            let bytes = UnsafeMutableRawPointer(memory.floats).assumingMemoryBound(to: UInt8.self)
            _ = ps_dis_picture_layout(&layout, &how, bytes, width, height)
        }
    }

    /// Takes the picture of a pyramid of the search's size.
    package func shrink(_ pyramid: GreyPyramid, into picture: Picture) {
        precondition(pyramid.width == width && pyramid.height == height)
        var full = pyramid.level(0)
        kernels.dense.shrink(&how, &full, &picture.layout, work.floats)
        withExtendedLifetime(pyramid) {}
    }

    /// The flow from one picture to another.
    package func flow(from: Picture, to: Picture) throws -> FlowField {
        let memory = try FloatMemory(count: ps_dis_field_floats(&how, Int32(width), Int32(height)))
        let field = kernels.dense.flow(&how, &from.layout, &to.layout, memory.floats, work.floats)
        return FlowField(field, factor: 1 << how.finest, memory: memory, width: width, height: height)
    }
}

/// Where each pixel of a picture went, kept at a half or a quarter of the picture's size. Never changes.
package final class FlowField: @unchecked Sendable {
    // Safe to share: nobody writes to the memory after `init`.

    /// Size of the picture that the field is of.
    package let width: Int
    package let height: Int
    private let memory: FloatMemory
    private let small: ps_field
    /// Pixels of the picture in one of the field; the field's size is rounded down.
    private let factor: Double

    fileprivate init(_ small: ps_field, factor: Int, memory: FloatMemory, width: Int, height: Int) {
        (self.small, self.factor, self.memory, self.width, self.height) = (small, Double(factor), memory, width, height)
    }

    /// The flow at a place of the picture, pixels; bilinear, the rim's beyond it.
    package func callAsFunction(_ x: Double, _ y: Double) -> (u: Double, v: Double) {
        let (scaleX, scaleY) = (Double(small.width) / Double(width), Double(small.height) / Double(height))
        let px = min(max((x + 0.5) * scaleX - 0.5, 0), Double(small.width - 1))
        let py = min(max((y + 0.5) * scaleY - 0.5, 0), Double(small.height - 1))
        let (i, j) = (Int(px), Int(py))
        let (a, b) = (px - Double(i), py - Double(j))
        let (right, below) = (i + 1 < Int(small.width) ? 1 : 0, j + 1 < Int(small.height) ? small.row : 0)
        func sample(_ plane: UnsafeMutablePointer<Float>) -> Double {
            let p = plane + j * small.row + i
            let upper = Double(p[0]) * (1 - a) + Double(p[right]) * a
            let lower = Double(p[below]) * (1 - a) + Double(p[below + right]) * a
            return upper * (1 - b) + lower * b
        }
        defer { withExtendedLifetime(memory) {} }
        return (factor * sample(small.u), factor * sample(small.v))
    }
}

/// Zeroed floats on a 64-byte boundary, with one owner.
final class FloatMemory {
    let floats: UnsafeMutablePointer<Float>

    init(count: Int) throws {
        var start: UnsafeMutableRawPointer?
        guard count >= 0, posix_memalign(&start, 64, max(1, count) * 4) == 0, let start else {
            throw Failure(
                .unavailable, "cannot follow motion", at: "", because: "no memory for the flow field", remedy: "set track.flow to lk or none")
        }
        memset(start, 0, max(1, count) * 4)
        floats = start.bindMemory(to: Float.self, capacity: count)
    }

    deinit { free(floats) }
}
