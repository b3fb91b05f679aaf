#ifndef DRAWING_PLANE_H
#define DRAWING_PLANE_H
// What the primitives share: a plane in its own coordinates, and the arithmetic of a blend.
#include <math.h>
#include "ps_drawing.h"

typedef struct {
    uint8_t *base;
    ptrdiff_t row;
    int32_t width, height;
    double scale, shift;      // plane coordinate = luma coordinate * scale + shift
    float sample;             // the ink's value in this plane
} ps_plane;

static inline ps_plane ps_plane_of(const ps_canvas *canvas, int index, ps_ink ink) {
    const int chroma = index > 0;
    return (ps_plane){
        .base = canvas->plane[index],
        .row = canvas->row[index],
        .width = chroma ? (canvas->width + 1) / 2 : canvas->width,
        .height = chroma ? (canvas->height + 1) / 2 : canvas->height,
        .scale = chroma ? 0.5 : 1.0,
        .shift = chroma ? -0.25 : 0.0,
        .sample = ink.sample[index],
    };
}

static inline float ps_unit(float v) { return v < 0.0f ? 0.0f : (v > 1.0f ? 1.0f : v); }

static inline uint8_t ps_blend(uint8_t below, float sample, float coverage) {
    return (uint8_t)((float)below + coverage * (sample - (float)below) + 0.5f);
}

// The whole pixels in [low, high], cut to [0, count). Empty when first > last.
typedef struct { int32_t first, last; } ps_span;

static inline ps_span ps_span_of(double low, double high, int32_t count) {
    if (!(low <= high) || high < 0 || low > count - 1) return (ps_span){0, -1};
    return (ps_span){low <= 0 ? 0 : (int32_t)ceil(low), high >= count - 1 ? count - 1 : (int32_t)floor(high)};
}

// A line is a few pixels wide on a row: vectors of 16, which the compiler would choose, leave nearly all of it to the scalar rest.
#define PS_SHORT_LOOP _Pragma("clang loop vectorize_width(4) interleave(disable)")

static inline int ps_ink_is_visible(ps_ink ink) { return ink.alpha > 0.0f && ink.alpha <= 1.0f; }

#endif
