#ifndef DIS_PLANE_H
#define DIS_PLANE_H
#include "ps_dis.h"

// Planes of floats with a margin: 8 columns left, at least 8 right, one row above and below.

enum { PS_DIS_MARGIN = 8, PS_DIS_PLANES = 9, PS_DIS_REFINED_PLANES = 9 + 17 };

static inline ptrdiff_t ps_dis_plane_row(int32_t width) { return ((ptrdiff_t)width + 3 * PS_DIS_MARGIN + 15) & ~(ptrdiff_t)15; }
static inline size_t ps_dis_plane_floats(int32_t width, int32_t height) {
    return (size_t)ps_dis_plane_row(width) * ((size_t)height + 2) + 16;
}
// Pixel (0, 0) of plane n; all planes have the row length of the finest scale.
static inline float *ps_dis_plane(float *memory, int32_t n, int32_t width, int32_t height) {
    return memory + (size_t)n * ps_dis_plane_floats(width, height) + ps_dis_plane_row(width) + PS_DIS_MARGIN;
}

#endif
