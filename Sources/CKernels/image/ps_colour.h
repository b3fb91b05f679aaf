#ifndef PS_COLOUR_H
#define PS_COLOUR_H
#include "ps_sampling.h"
#include <string.h>

// Shared by the kernels that sample pictures: they work on runs of PS_RUN output pixels, so that all working memory is on
// the stack and the loops over a run have plain arrays.
enum { PS_RUN = 64 };

// Sampled components of a run, in units of 8-bit samples. `cover` is the share of the pixel that lies inside the picture.
typedef struct {
    float c[3][PS_RUN];
    float cover[PS_RUN];
} ps_samples;

static inline uint32_t ps_sample(const uint8_t *at, int bytes) {
    if (bytes == 1) return *at;
    uint16_t word;
    memcpy(&word, at, 2);
    return word;
}

static inline int32_t ps_clamp(int32_t v, int32_t low, int32_t high) { return v < low ? low : v > high ? high : v; }

// Columns or rows of a component.
static inline int32_t ps_extent(int32_t pixels, int shift) { return (pixels + (1 << shift) - 1) >> shift; }

static inline uint8_t ps_to_byte(float v) { return (uint8_t)((v < 0 ? 0 : v > 255 ? 255 : v) + 0.5f); }

// What one step of the stored samples is worth in 8-bit units.
static inline float ps_unit(const ps_image *image) {
    if (image->depth <= 8) return 1;
    if (image->kind == PS_IMAGE_RGB) return 255.0f / (float)((1 << image->depth) - 1);
    return 1.0f / (float)(1 << (image->depth - 8));
}

// Converts a run of samples to bytes. `out` is the run's first pixel; `pixel` is +3, or -3 for mirrored rows.
void ps_store_run(const ps_image *image, const ps_samples *run, int32_t count, ps_order order, uint8_t *out, ptrdiff_t pixel);

#endif
