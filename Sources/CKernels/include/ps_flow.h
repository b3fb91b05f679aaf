#ifndef PS_FLOW_H
#define PS_FLOW_H
#include "ps_image.h"
#include <stddef.h>
#include <stdint.h>

// Optical flow on grey pictures: pyramids and sparse Lucas-Kanade. One table of functions for each instruction set;
// `ps_flow_plain` is the plain C twin. All sums are exact integers, so every table gives the same bits.
// Nothing here allocates; buffers are the caller's.

enum {
    PS_GREY_BORDER = 32,   // pixels around a level that may be read
    PS_GREY_LEVELS = 8,
    PS_LK_WINDOW = 31      // the largest window
};

// One level of a pyramid: bytes with a border of PS_GREY_BORDER on all sides (twice that on the right).
typedef struct {
    uint8_t *base;          // pixel (0, 0)
    ptrdiff_t row;          // bytes from one row to the next
    int32_t width, height;
} ps_grey;

// Level 0 is the picture, each further one half as wide and high, rounded up.
typedef struct {
    int32_t count;
    ps_grey level[PS_GREY_LEVELS];
} ps_pyramid;

static inline ptrdiff_t ps_grey_row(int32_t width) { return ((ptrdiff_t)width + 3 * PS_GREY_BORDER + 63) & ~(ptrdiff_t)63; }
static inline size_t ps_grey_bytes(int32_t width, int32_t height) {
    return (size_t)ps_grey_row(width) * ((size_t)height + 2 * PS_GREY_BORDER);
}
// Lays a level into memory of `ps_grey_bytes`, which must have been set to zero once.
static inline ps_grey ps_grey_in(uint8_t *memory, int32_t width, int32_t height) {
    const ptrdiff_t row = ps_grey_row(width);
    const ps_grey grey = {memory + PS_GREY_BORDER * row + PS_GREY_BORDER, row, width, height};
    return grey;
}

// Level n of a pyramid that has one.
static inline ps_grey ps_pyramid_level(const ps_pyramid *pyramid, int32_t n) { return pyramid->level[n]; }

// Lays a pyramid over `memory` (NULL: only counts): levels are added while both sides are greater than `smallest`, at most
// PS_GREY_LEVELS and at least one. Returns the bytes that it takes.
size_t ps_pyramid_layout(ps_pyramid *pyramid, uint8_t *memory, int32_t width, int32_t height, int32_t smallest);

// What the border repeats.
typedef enum {
    PS_BORDER_MIRROR = 0,    // 2 1 | 0 1 2 (REFLECT_101)
    PS_BORDER_REPEAT = 1     // 0 0 | 0 1 2 (REPLICATE)
} ps_border;
void ps_grey_fill_border(const ps_grey *grey, ps_border border);

// Brightness of a picture as bytes: the Y plane as it lies (deeper samples cut to 8 bits, no change of range), BT.601 luma of RGB.
// `grey` has the size of the image; its border is left alone.
void ps_grey_from_image(const ps_image *image, const ps_grey *grey);

// Mean grey of cells[rows][columns] that divide the picture evenly, rounded; a cell holds at least one pixel.
void ps_grey_cells(const ps_grey *grey, int32_t columns, int32_t rows, uint8_t *cells);

enum { PS_CLASSES = 8 };

// How often brightness and the two colour differences (BT.601, in 8-bit units, these twice about 128) fall in each of 8 classes, at a
// grid of at most most x most points of the part that begins at (left, top); each value counts 32, divided between the two classes
// whose centres are next to it. The part lies in the picture. counts: the classes of Y, then of Cb, then of Cr.
// Returns the sum of each of the three.
uint32_t ps_count_classes(const ps_image *image, int32_t left, int32_t top, int32_t width, int32_t height, int32_t most,
                          uint32_t counts[3 * PS_CLASSES]);

// Sum of absolute differences between a[y][x] and b[y + dy][x + dx] where both exist.
uint32_t ps_cells_difference(const uint8_t *a, const uint8_t *b, int32_t columns, int32_t rows, int32_t dx, int32_t dy);

// How Lucas-Kanade looks for points (Bouguet's pyramidal form; spec: optical-flow section 1, the arithmetic of OpenCV 5).
typedef struct {
    int32_t window;               // odd, 3 to PS_LK_WINDOW
    int32_t finest, coarsest;     // levels; finest 0 is the full picture
    int32_t iterations;           // at most, on each level
    float epsilon;                // a step below it (pixels of the level) ends the search
    float least_eigenvalue;       // of the structure matrix per pixel; below it a window has no texture to hold on to
    float gain, offset;           // the second picture counts as gain * grey + offset, gain 0.25 to 1.9
    int32_t starts_from_guess;    // `moved` holds where to begin
    int32_t error_is_eigenvalue;
} ps_lk;

typedef struct {
    const char *name;             // "avx512", "avx2", "neon", "plain"
    // Halves a level whose border is filled: [1 4 6 4 1] both ways, rounded once. `sums` holds ps_halve_sums(width) values.
    void (*halve)(const ps_grey *from, const ps_grey *to, int16_t *sums);
    // Follows `count` points (x, y) of pyramid `from` into `to` (both with filled borders). found[i]: 1, or 0 when lost.
    // error[i]: mean absolute grey difference of the window, or the eigenvalue; not set for lost points.
    void (*track)(
        const ps_lk *how, const ps_pyramid *from, const ps_pyramid *to, int32_t count, const float *points, float *moved, uint8_t *found,
        float *error);
} ps_flow_kernels;

static inline size_t ps_halve_sums(int32_t width) { return (size_t)width + 160; }

extern const ps_flow_kernels ps_flow_plain;

// The table of an instruction set by its name; NULL when this program or this processor lacks it.
const ps_flow_kernels *ps_flow_named(const char *name);
// The best table for this processor.
const ps_flow_kernels *ps_flow_best(void);

#endif
