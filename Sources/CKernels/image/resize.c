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

// The place of output sample `i` in the window, in pixels; `scale` in output samples for each of the window's.
static inline double source(int32_t i, double scale) { return (double)(float)((i + 0.5) * (1 / scale) - 0.5); }

static inline pair moved(pair p, int32_t by) { return (pair){p.low + by, p.high + by, p.weight}; }

static inline pair chroma_between(double pixels, int32_t extent, int32_t picture, int shift, float siting) {
    const double inside = pixels < 0 ? 0 : pixels > picture - 1 ? picture - 1 : pixels;
    return between((inside - siting) / (1 << shift), extent);
}

// Of luma: in pixels of the picture, perhaps outside of it.
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

// The same where taps may lie outside the picture: those count as `border`. Only for components without subsampling.
static void blend_bordered(const ps_image *image, int component, const columns *x, const pair *y, int32_t count, int32_t border,
                           int32_t *upper, int32_t *lower) {
    const ps_component *c = &image->c[component];
    const ptrdiff_t rows[2] = {y->low, y->high};
    int32_t *const sums[2] = {upper, lower};
    for (int r = 0; r < 2; r++) {
        const int row_is_inside = rows[r] >= 0 && rows[r] < image->height;
        for (int32_t i = 0; i < count; i++) {
            int32_t taps[2] = {border, border};
            const ptrdiff_t places[2] = {x->at[i].low, x->at[i].high};
            for (int t = 0; t < 2; t++) {
                if (!row_is_inside || places[t] < 0 || places[t] >= image->width) continue;
                taps[t] = (int32_t)ps_sample(c->base + rows[r] * c->row + places[t] * c->step, image->sample_bytes);
            }
            sums[r][i] = taps[0] * (2048 - x->at[i].weight) + taps[1] * x->at[i].weight;
        }
    }
}

static void mix(const int32_t *upper, const int32_t *lower, const pair *y, int32_t count, float unit, float *out) {
    const float below = (float)y->weight * (unit / (2048.0f * 2048.0f)), above = unit / 2048.0f - below;
    for (int32_t i = 0; i < count; i++) out[i] = (float)upper[i] * above + (float)lower[i] * below;
}

// A run of output pixels on one line.
typedef struct {
    columns luma, chroma;
    pair y, chroma_y;
    int32_t count;
    int inside;   // no tap lies outside the picture
} line_run;

// 8-bit RGB, with OpenCV's truncations. `border` in the order of the picture's components.
static void resize_bytes(const ps_image *image, const line_run *r, const uint8_t border[3], ps_order order, uint8_t *out) {
    int32_t upper[PS_RUN], lower[PS_RUN];
    const int32_t below = r->y.weight, above = 2048 - below;
    for (int c = 0; c < 3; c++) {
        const int place = order == PS_ORDER_BGR ? 2 - c : c;
        if (r->inside) blend_any(image, c, &r->luma, &r->y, r->count, upper, lower);
        else blend_bordered(image, c, &r->luma, &r->y, r->count, border[place], upper, lower);
        uint8_t *to = out + place;
        for (int32_t i = 0; i < r->count; i++)
            to[3 * i] = (uint8_t)((((above * (upper[i] >> 4)) >> 16) + ((below * (lower[i] >> 4)) >> 16) + 2) >> 2);
    }
}

// All other pictures: components are scaled, then converted once.
static void resize_components(const ps_image *image, const line_run *r, const uint8_t border[3], ps_order order, uint8_t *out) {
    int32_t upper[PS_RUN], lower[PS_RUN];
    ps_samples run;
    const float unit = ps_unit(image);
    const int whole = image->kind == PS_IMAGE_RGB ? 3 : 1;
    for (int c = 0; c < whole; c++) {
        if (r->inside) blend_any(image, c, &r->luma, &r->y, r->count, upper, lower);
        else blend_bordered(image, c, &r->luma, &r->y, r->count, 0, upper, lower);
        mix(upper, lower, &r->y, r->count, unit, run.c[c]);
    }
    if (image->kind == PS_IMAGE_YUV) {
        for (int c = 1; c < 3; c++) {
            blend_any(image, c, &r->chroma, &r->chroma_y, r->count, upper, lower);
            mix(upper, lower, &r->chroma_y, r->count, unit, run.c[c]);
        }
    }
    const float high = (float)r->y.weight / 2048;
    const float rows = (r->y.low >= 0 && r->y.low < image->height ? 1 - high : 0) + (r->y.high >= 0 && r->y.high < image->height ? high : 0);
    for (int32_t i = 0; i < r->count; i++) {
        const pair *x = &r->luma.at[i];
        const float right = (float)x->weight / 2048;
        run.cover[i] = r->inside ? 1
                                 : rows * ((x->low >= 0 && x->low < image->width ? 1 - right : 0) +
                                           (x->high >= 0 && x->high < image->width ? right : 0));
    }
    ps_store_run(image, &run, r->count, order, out, 3);
    if (r->inside) return;
    for (int32_t i = 0; i < r->count; i++)
        for (int c = 0; c < 3; c++) out[3 * i + c] = ps_to_byte((float)out[3 * i + c] + (1 - run.cover[i]) * (float)border[c]);
}

void ps_resize_window_u8(const ps_image *image, const ps_part *window, const uint8_t border[3], int32_t width, int32_t height,
                         ps_order order, uint8_t *out, ptrdiff_t row) {
    const int bytes_only = image->kind == PS_IMAGE_RGB && image->depth == 8;
    const int sx = image->c[1].shift_x, sy = image->c[1].shift_y;
    const int32_t chroma_width = ps_extent(image->width, sx), chroma_height = ps_extent(image->height, sy);
    const int32_t last_x = window->width - 1, last_y = window->height - 1;
    for (int32_t start = 0; start < width; start += PS_RUN) {
        line_run r;
        r.count = width - start < PS_RUN ? width - start : PS_RUN;
        int columns_inside = 1;
        for (int32_t i = 0; i < r.count; i++) {
            const double x = source(start + i, window->scale_x);
            r.luma.at[i] = moved(between(x, window->width), window->x);
            columns_inside &= r.luma.at[i].low >= 0 && r.luma.at[i].high < image->width;
            if (image->kind == PS_IMAGE_YUV) {
                const double pixels = window->x + (x < 0 ? 0 : x > last_x ? last_x : x);
                r.chroma.at[i] = chroma_between(pixels, chroma_width, image->width, sx, image->chroma_x);
            }
        }
        for (int32_t line = 0; line < height; line++) {
            const double y = source(line, window->scale_y);
            r.y = moved(between(y, window->height), window->y);
            r.inside = columns_inside && r.y.low >= 0 && r.y.high < image->height;
            uint8_t *to = out + line * row + (ptrdiff_t)start * 3;
            if (bytes_only) {
                resize_bytes(image, &r, border, order, to);
                continue;
            }
            if (image->kind == PS_IMAGE_YUV) {
                const double pixels = window->y + (y < 0 ? 0 : y > last_y ? last_y : y);
                r.chroma_y = chroma_between(pixels, chroma_height, image->height, sy, image->chroma_y);
            }
            resize_components(image, &r, border, order, to);
        }
    }
}

void ps_resize_u8(const ps_image *image, int32_t width, int32_t height, ps_order order, uint8_t *out, ptrdiff_t row) {
    const ps_part whole = {0, 0, image->width, image->height, (double)width / image->width, (double)height / image->height};
    const uint8_t unused[3] = {0, 0, 0};
    ps_resize_window_u8(image, &whole, unused, width, height, order, out, row);
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
