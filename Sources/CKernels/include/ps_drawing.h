#ifndef PS_DRAWING_H
#define PS_DRAWING_H
#include <stddef.h>
#include <stdint.h>

// Anti-aliased primitives straight on the planes of an 8-bit 4:2:0 picture (spec: media, 6.4).
//
// A pixel's coverage is clamp(r + 0.5 - distance, 0, 1), measured at full resolution for Y and, with all lengths halved,
// for U and V, whose samples lie in the middle of their four pixels: luma (x, y) is chroma (x/2 - 0.25, y/2 - 0.25).
// Coordinates are pixels, the centre of the first pixel is (0, 0). Nothing is written outside the planes whatever the
// coordinates are; NaN and infinity draw nothing.

typedef struct {
    uint8_t *plane[3];        // Y: width x height; U, V: ceil(width / 2) x ceil(height / 2)
    ptrdiff_t row[3];         // bytes from one row to the next
    int32_t width, height;    // pixels
} ps_canvas;

typedef struct {
    uint8_t sample[3];        // Y, U, V of the colour, in the picture's own matrix and range
    float alpha;              // 0 (nothing) to 1 (opaque)
} ps_ink;

// A line from a to b with round ends: all points nearer than `radius` to the segment. A dot when a = b.
void ps_draw_capsule(const ps_canvas *canvas, double ax, double ay, double bx, double by, double radius, ps_ink ink);

// A filled rectangle whose corners are rounded by `corner`.
void ps_draw_box(const ps_canvas *canvas, double left, double top, double right, double bottom, double corner, ps_ink ink);

// The outline of such a rectangle, `radius` to either side of its edge.
void ps_draw_frame(
    const ps_canvas *canvas, double left, double top, double right, double bottom, double corner, double radius, ps_ink ink);

// A picture of coverages (0 to 255), its first sample at pixel (x, y).
void ps_draw_mask(
    const ps_canvas *canvas, int32_t x, int32_t y, const uint8_t *mask, int32_t width, int32_t height, ptrdiff_t row, ps_ink ink);

// Adds a capsule to a coverage mask: each sample becomes the larger of itself and the capsule's coverage.
void ps_mask_capsule(
    uint8_t *mask, int32_t width, int32_t height, ptrdiff_t row, double ax, double ay, double bx, double by, double radius);

#endif
