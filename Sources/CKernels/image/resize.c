#include "ps_colour.h"
#include <math.h>

// Positions and weights must round as OpenCV's do, also where the processor could fuse multiply and add.
#pragma clang fp contract(off)

// Two neighbouring samples of a line (clamped at the ends) and the weight of the second in 1/2048.
typedef struct {
    ptrdiff_t low, high;
    int32_t weight;
} pair;

// `position` in samples.
static inline pair between(double position, int32_t extent) {
    const double last = extent - 1;
    if (!(position > 0)) return (pair){0, 0, 0};
    if (position >= last) return (pair){extent - 1, extent - 1, 0};
    const double low = floor(position);
    // OpenCV keeps the fraction as a float before it scales it.
    const int32_t weight = (int32_t)rintf((float)(position - low) * 2048);
    return (pair){(ptrdiff_t)low, (ptrdiff_t)low + 1, weight};
}

// The place of output sample `i` in the picture, in pixels.
static inline double source(int32_t i, int32_t from, int32_t to) {
    return (double)(float)((i + 0.5) * (1 / ((double)to / from)) - 0.5);
}

static inline pair chroma_between(double pixels, int32_t extent, int32_t picture, int shift, float siting) {
    const double inside = pixels < 0 ? 0 : pixels > picture - 1 ? picture - 1 : pixels;
    return between((inside - siting) / (1 << shift), extent);
}

typedef struct {
    pair at[PS_RUN];
} columns;

static inline __attribute__((always_inline)) void blend(
    const ps_component *c, int bytes, ptrdiff_t step, const columns *x, const pair *y, int32_t count, int32_t *upper,
    int32_t *lower) {
    const uint8_t *first = c->base + y->low * c->row, *second = c->base + y->high * c->row;
    for (int32_t i = 0; i < count; i++) {
        const ptrdiff_t low = x->at[i].low * step, high = x->at[i].high * step;
        const int32_t w = x->at[i].weight;
        upper[i] = (int32_t)ps_sample(first + low, bytes) * (2048 - w) + (int32_t)ps_sample(first + high, bytes) * w;
        lower[i] = (int32_t)ps_sample(second + low, bytes) * (2048 - w) + (int32_t)ps_sample(second + high, bytes) * w;
    }
}

static void blend_any(const ps_image *image, int component, const columns *x, const pair *y, int32_t count, int32_t *upper,
                      int32_t *lower) {
    const ps_component *c = &image->c[component];
    if (image->sample_bytes == 2) blend(c, 2, c->step, x, y, count, upper, lower);
    else if (c->step == 1) blend(c, 1, 1, x, y, count, upper, lower);
    else if (c->step == 3) blend(c, 1, 3, x, y, count, upper, lower);
    else blend(c, 1, c->step, x, y, count, upper, lower);
}

static void sample(const ps_image *image, int component, const columns *x, const pair *y, int32_t count, float unit, float *out) {
    int32_t upper[PS_RUN], lower[PS_RUN];
    blend_any(image, component, x, y, count, upper, lower);
    const float below = (float)y->weight * (unit / (2048.0f * 2048.0f)), above = unit / 2048.0f - below;
    for (int32_t i = 0; i < count; i++) out[i] = (float)upper[i] * above + (float)lower[i] * below;
}

// 8-bit RGB, with OpenCV's truncations.
static void resize_bytes(const ps_image *image, const columns *x, const pair *y, int32_t count, ps_order order, uint8_t *out) {
    int32_t upper[PS_RUN], lower[PS_RUN];
    const int32_t below = y->weight, above = 2048 - below;
    for (int c = 0; c < 3; c++) {
        blend_any(image, c, x, y, count, upper, lower);
        uint8_t *to = out + (order == PS_ORDER_BGR ? 2 - c : c);
        for (int32_t i = 0; i < count; i++)
            to[3 * i] = (uint8_t)((((above * (upper[i] >> 4)) >> 16) + ((below * (lower[i] >> 4)) >> 16) + 2) >> 2);
    }
}

void ps_resize_u8(const ps_image *image, int32_t width, int32_t height, ps_order order, uint8_t *out, ptrdiff_t row) {
    const int bytes_only = image->kind == PS_IMAGE_RGB && image->depth == 8;
    const float unit = ps_unit(image);
    const int sx = image->c[1].shift_x, sy = image->c[1].shift_y;
    const int32_t chroma_width = ps_extent(image->width, sx), chroma_height = ps_extent(image->height, sy);
    for (int32_t start = 0; start < width; start += PS_RUN) {
        const int32_t count = width - start < PS_RUN ? width - start : PS_RUN;
        columns luma, chroma;
        for (int32_t i = 0; i < count; i++) {
            const double x = source(start + i, image->width, width);
            luma.at[i] = between(x, image->width);
            if (image->kind == PS_IMAGE_YUV) chroma.at[i] = chroma_between(x, chroma_width, image->width, sx, image->chroma_x);
        }
        ps_samples run;
        for (int32_t i = 0; i < count; i++) run.cover[i] = 1;
        for (int32_t line = 0; line < height; line++) {
            const double position = source(line, image->height, height);
            const pair y = between(position, image->height);
            uint8_t *to = out + line * row + (ptrdiff_t)start * 3;
            if (bytes_only) {
                resize_bytes(image, &luma, &y, count, order, to);
                continue;
            }
            sample(image, 0, &luma, &y, count, unit, run.c[0]);
            if (image->kind == PS_IMAGE_RGB) {
                sample(image, 1, &luma, &y, count, unit, run.c[1]);
                sample(image, 2, &luma, &y, count, unit, run.c[2]);
            } else if (image->kind == PS_IMAGE_YUV) {
                const pair cy = chroma_between(position, chroma_height, image->height, sy, image->chroma_y);
                sample(image, 1, &chroma, &cy, count, unit, run.c[1]);
                sample(image, 2, &chroma, &cy, count, unit, run.c[2]);
            }
            ps_store_run(image, &run, count, order, to, 3);
        }
    }
}

static void fill_pixels(uint8_t *to, ptrdiff_t count, const uint8_t value[3]) {
    for (ptrdiff_t i = 0; i < count; i++, to += 3) {
        to[0] = value[0];
        to[1] = value[1];
        to[2] = value[2];
    }
}

void ps_letterbox_u8(const ps_image *image, int32_t content_width, int32_t content_height, int32_t width, int32_t height,
                     ps_order order, const uint8_t fill[3], uint8_t *out) {
    const ptrdiff_t row = (ptrdiff_t)width * 3;
    content_width = ps_clamp(content_width, 0, width);
    content_height = ps_clamp(content_height, 0, height);
    ps_resize_u8(image, content_width, content_height, order, out, row);
    for (int32_t y = 0; y < content_height; y++)
        fill_pixels(out + y * row + (ptrdiff_t)content_width * 3, width - content_width, fill);
    fill_pixels(out + content_height * row, (ptrdiff_t)(height - content_height) * width, fill);
}
