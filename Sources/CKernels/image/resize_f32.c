#include "ps_colour.h"
#include <math.h>

// Two neighbouring samples of a line (clamped at the ends) and the weight of the second.
typedef struct {
    ptrdiff_t low, high;
    float weight;
} pair;

static inline pair between(double position, int32_t extent) {
    if (!(position > 0)) return (pair){0, 0, 0};
    if (position >= extent - 1) return (pair){extent - 1, extent - 1, 0};
    const double low = floor(position);
    return (pair){(ptrdiff_t)low, (ptrdiff_t)low + 1, (float)(position - low)};
}

static inline pair chroma_between(double pixels, int32_t extent, int32_t picture, int shift, float siting) {
    const double inside = pixels < 0 ? 0 : pixels > picture - 1 ? picture - 1 : pixels;
    return between((inside - siting) / (1 << shift), extent);
}

static inline double source(int32_t i, double scale) { return (i + 0.5) / scale - 0.5; }

static void sample(const ps_image *image, int component, const pair *x, pair y, int32_t count, float unit, float *out) {
    const ps_component *c = &image->c[component];
    const int bytes = image->sample_bytes;
    const uint8_t *upper = c->base + y.low * c->row, *lower = c->base + y.high * c->row;
    const float above = (1 - y.weight) * unit, below = y.weight * unit;
    for (int32_t i = 0; i < count; i++) {
        const ptrdiff_t low = x[i].low * c->step, high = x[i].high * c->step;
        const float right = x[i].weight, left = 1 - right;
        out[i] = above * (left * (float)ps_sample(upper + low, bytes) + right * (float)ps_sample(upper + high, bytes)) +
                 below * (left * (float)ps_sample(lower + low, bytes) + right * (float)ps_sample(lower + high, bytes));
    }
}

static inline float limited(float v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

// Samples of a run to red, green and blue, in place.
static void convert(const ps_image *image, float run[3][PS_RUN], int32_t count) {
    if (image->kind == PS_IMAGE_RGB) return;
    for (int32_t i = 0; i < count; i++) {
        const float y = image->y_scale * (run[0][i] - image->y_offset);
        const int colour = image->kind == PS_IMAGE_YUV;
        const float u = colour ? run[1][i] - 128 : 0, v = colour ? run[2][i] - 128 : 0;
        run[0][i] = limited(y + image->v_to_r * v);
        run[1][i] = limited(y + image->u_to_g * u + image->v_to_g * v);
        run[2][i] = limited(y + image->u_to_b * u);
    }
}

static void fill(float *to, ptrdiff_t count, float value) {
    for (ptrdiff_t i = 0; i < count; i++) to[i] = value;
}

void ps_resize_f32(const ps_image *image, double scale_x, double scale_y, int32_t content_width, int32_t content_height,
                   int32_t width, int32_t height, ps_order order, const float scale[3], const float bias[3], const float rest[3],
                   float *planes) {
    const ptrdiff_t plane = (ptrdiff_t)width * height;
    const int components = image->kind == PS_IMAGE_GRAY ? 1 : 3;
    const float unit = ps_unit(image);
    const int sx = image->c[1].shift_x, sy = image->c[1].shift_y;
    const int32_t chroma_width = ps_extent(image->width, sx), chroma_height = ps_extent(image->height, sy);
    content_width = ps_clamp(content_width, 0, width);
    content_height = ps_clamp(content_height, 0, height);
    for (int32_t start = 0; start < content_width; start += PS_RUN) {
        const int32_t count = content_width - start < PS_RUN ? content_width - start : PS_RUN;
        pair luma[PS_RUN], chroma[PS_RUN];
        for (int32_t i = 0; i < count; i++) {
            const double x = source(start + i, scale_x);
            luma[i] = between(x, image->width);
            if (image->kind == PS_IMAGE_YUV) chroma[i] = chroma_between(x, chroma_width, image->width, sx, image->chroma_x);
        }
        for (int32_t line = 0; line < content_height; line++) {
            const double y = source(line, scale_y);
            float run[3][PS_RUN];
            for (int c = 0; c < components; c++) {
                const int subsampled = image->kind == PS_IMAGE_YUV && c > 0;
                const pair rows = subsampled ? chroma_between(y, chroma_height, image->height, sy, image->chroma_y)
                                             : between(y, image->height);
                sample(image, c, subsampled ? chroma : luma, rows, count, unit, run[c]);
            }
            convert(image, run, count);
            for (int c = 0; c < 3; c++) {
                const float *from = run[order == PS_ORDER_BGR ? 2 - c : c];
                float *to = planes + c * plane + (ptrdiff_t)line * width + start;
                for (int32_t i = 0; i < count; i++) to[i] = scale[c] * from[i] + bias[c];
            }
        }
    }
    for (int c = 0; c < 3; c++) {
        float *to = planes + c * plane;
        for (int32_t line = 0; line < content_height; line++)
            fill(to + (ptrdiff_t)line * width + content_width, width - content_width, rest[c]);
        fill(to + (ptrdiff_t)content_height * width, (ptrdiff_t)(height - content_height) * width, rest[c]);
    }
}

void ps_mirror_rows(float *values, ptrdiff_t rows, int32_t width) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        float *from = values + row * width;
        for (int32_t a = 0, b = width - 1; a < b; a++, b--) {
            const float kept = from[a];
            from[a] = from[b];
            from[b] = kept;
        }
    }
}
