#include "ps_colour.h"

// Positions must round as OpenCV's do, also where the processor could fuse multiply and add.
#pragma clang fp contract(off)

// Where the pixels of a run fall in the picture: left upper tap and the way to the next one in 1/32 pixel.
typedef struct {
    int32_t x[PS_RUN], y[PS_RUN];
    int32_t a[PS_RUN], b[PS_RUN];
    int32_t count;
    int inside;   // all four taps of all pixels are in the picture
} taps;

// To the nearest whole number, halves to even, exactly, for |v| < 2^51 (default rounding mode).
static inline double round_even(double v) { return (v + 6755399441055744.0) - 6755399441055744.0; }

// Positions beyond any picture (and NaN) become one value far outside; sums of two stay in int64 and later in int32.
static inline int64_t fixed(double v) {
    const double far = 1e9;
    if (!(v > -far)) return (int64_t)-far;
    return (int64_t)round_even(v < far ? v : far);
}

static void invert(const double m[6], double i[6]) {
    double d = m[0] * m[4] - m[1] * m[3];
    d = d != 0 ? 1 / d : 0;
    i[0] = m[4] * d;
    i[1] = -m[1] * d;
    i[3] = -m[3] * d;
    i[4] = m[0] * d;
    i[2] = -i[0] * m[2] - i[1] * m[5];
    i[5] = -i[3] * m[2] - i[4] * m[5];
}

// Sum of four taps with weights of 2^10 (OpenCV's 2^15 are these times 32: the same rounded result).
static inline __attribute__((always_inline)) void gather(
    const ps_component *component, int bytes, ptrdiff_t step, int32_t width, int32_t height, const taps *t, uint32_t *sum) {
    const uint8_t *base = component->base;
    const ptrdiff_t row = component->row;
    if (t->inside) {
        for (int32_t i = 0; i < t->count; i++) {
            const uint8_t *p = base + t->y[i] * row + t->x[i] * step;
            const uint32_t a = (uint32_t)t->a[i], b = (uint32_t)t->b[i];
            const uint32_t upper = ps_sample(p, bytes) * (32 - a) + ps_sample(p + step, bytes) * a;
            const uint32_t lower = ps_sample(p + row, bytes) * (32 - a) + ps_sample(p + row + step, bytes) * a;
            sum[i] = upper * (32 - b) + lower * b;
        }
        return;
    }
    for (int32_t i = 0; i < t->count; i++) {
        const int32_t x = t->x[i], y = t->y[i];
        const uint32_t a = (uint32_t)t->a[i], b = (uint32_t)t->b[i];
        uint32_t total = 0;
        for (int32_t dy = 0; dy < 2; dy++) {
            if (y + dy < 0 || y + dy >= height) continue;
            const uint8_t *line = base + (y + dy) * row;
            uint32_t across = 0;
            if (x >= 0 && x < width) across += ps_sample(line + x * step, bytes) * (32 - a);
            if (x + 1 >= 0 && x + 1 < width) across += ps_sample(line + (x + 1) * step, bytes) * a;
            total += across * (dy ? b : 32 - b);
        }
        sum[i] = total;
    }
}

static void gather_any(const ps_image *image, int component, const taps *t, uint32_t *sum) {
    const ps_component *c = &image->c[component];
    const int32_t w = image->width, h = image->height;
    if (image->sample_bytes == 2) {
        gather(c, 2, c->step, w, h, t, sum);
        return;
    }
    switch (c->step) {
    case 1: gather(c, 1, 1, w, h, t, sum); break;
    case 3: gather(c, 1, 3, w, h, t, sum); break;
    case 4: gather(c, 1, 4, w, h, t, sum); break;
    default: gather(c, 1, c->step, w, h, t, sum); break;
    }
}

// Where the pixels of a run fall between the samples of both chroma planes: four samples and their weights in each direction.
typedef struct {
    int32_t at[4][PS_RUN];   // bytes from the plane's first sample: upper left, upper right, lower left, lower right
    float right[PS_RUN], down[PS_RUN];
    float whole_x, whole_y;   // the weights of two samples beside each other, and of two rows, sum to this
    int32_t count;
} chroma_taps;

// Beyond the last sample chroma stays as it is. Offsets fit 32 bits: a picture has less than 2^28 pixels of at most two bytes.
static void find_chroma(const ps_image *image, const ps_component *c, const taps *t, chroma_taps *f) {
    const int sx = c->shift_x, sy = c->shift_y;
    const int32_t offset_x = (int32_t)(image->chroma_x * 32 + 0.5f), offset_y = (int32_t)(image->chroma_y * 32 + 0.5f);
    const int32_t last_x = ps_extent(image->width, sx) - 1, last_y = ps_extent(image->height, sy) - 1;
    const int32_t mask_x = (32 << sx) - 1, mask_y = (32 << sy) - 1;
    const int32_t step = (int32_t)c->step, row = (int32_t)c->row;
    f->whole_x = (float)(32 << sx);
    f->whole_y = (float)(32 << sy);
    f->count = t->count;
    for (int32_t i = 0; i < t->count; i++) {
        const int32_t px = t->x[i] * 32 + t->a[i] - offset_x, py = t->y[i] * 32 + t->b[i] - offset_y;
        const int32_t x = px >> (5 + sx), y = py >> (5 + sy);
        const int32_t left = ps_clamp(x, 0, last_x) * step, right = ps_clamp(x + 1, 0, last_x) * step;
        const int32_t upper = ps_clamp(y, 0, last_y) * row, lower = ps_clamp(y + 1, 0, last_y) * row;
        f->at[0][i] = upper + left;
        f->at[1][i] = upper + right;
        f->at[2][i] = lower + left;
        f->at[3][i] = lower + right;
        f->right[i] = (float)(px & mask_x);
        f->down[i] = (float)(py & mask_y);
    }
}

static int same_shape(const ps_component *a, const ps_component *b) {
    return a->step == b->step && a->row == b->row && a->shift_x == b->shift_x && a->shift_y == b->shift_y;
}

// Products and sums of whole numbers below 2^24 are exact in floats, so only the last three operations round.
static inline __attribute__((always_inline)) void gather_chroma(
    const uint8_t *base, int bytes, const chroma_taps *f, float unit, float *out) {
    const float scale = unit / (f->whole_x * f->whole_y), whole_x = f->whole_x, whole_y = f->whole_y;
    float sample[4][PS_RUN];
    for (int32_t k = 0; k < 4; k++) {
        for (int32_t i = 0; i < f->count; i++) sample[k][i] = (float)ps_sample(base + f->at[k][i], bytes);
    }
    for (int32_t i = 0; i < f->count; i++) {
        const float a = f->right[i], b = f->down[i];
        const float first = sample[0][i] * (whole_x - a) + sample[1][i] * a;
        const float second = sample[2][i] * (whole_x - a) + sample[3][i] * a;
        out[i] = (first * (whole_y - b) + second * b) * scale;
    }
}

static void cover(const ps_image *image, const taps *t, float *out) {
    for (int32_t i = 0; i < t->count; i++) {
        const int32_t x = t->x[i], y = t->y[i];
        const int32_t across = (x >= 0 && x < image->width ? 32 - t->a[i] : 0) + (x + 1 >= 0 && x + 1 < image->width ? t->a[i] : 0);
        const int32_t down = (y >= 0 && y < image->height ? 32 - t->b[i] : 0) + (y + 1 >= 0 && y + 1 < image->height ? t->b[i] : 0);
        out[i] = (float)(across * down) * (1.0f / 1024);
    }
}

static void warp_run(const ps_image *image, const taps *t, ps_order order, uint8_t *out, ptrdiff_t pixel) {
    uint32_t sum[PS_RUN];
    if (image->kind == PS_IMAGE_RGB && image->depth == 8) {
        for (int c = 0; c < 3; c++) {
            gather_any(image, c, t, sum);
            uint8_t *to = out + (order == PS_ORDER_BGR ? 2 - c : c);
            for (int32_t i = 0; i < t->count; i++, to += pixel) *to = (uint8_t)((sum[i] + 512) >> 10);
        }
        return;
    }
    ps_samples run;
    const float unit = ps_unit(image);
    const int weighted = image->kind == PS_IMAGE_RGB ? 3 : 1;
    for (int c = 0; c < weighted; c++) {
        gather_any(image, c, t, sum);
        for (int32_t i = 0; i < t->count; i++) run.c[c][i] = (float)sum[i] * (unit / 1024);
    }
    if (image->kind == PS_IMAGE_YUV) {
        chroma_taps f;
        for (int c = 1; c < 3; c++) {
            const ps_component *plane = &image->c[c];
            if (c == 1 || !same_shape(plane, &image->c[1])) find_chroma(image, plane, t, &f);
            if (image->sample_bytes == 2) gather_chroma(plane->base, 2, &f, unit, run.c[c]);
            else gather_chroma(plane->base, 1, &f, unit, run.c[c]);
        }
    }
    cover(image, t, run.cover);
    ps_store_run(image, &run, t->count, order, out, pixel);
}

void ps_warp_u8(const ps_image *image, const double forward[6], int32_t width, int32_t height, ps_order order, int mirrored,
                uint8_t *crop) {
    double m[6];
    invert(forward, m);
    const ptrdiff_t pixel = mirrored ? -3 : 3;
    for (int32_t start = 0; start < width; start += PS_RUN) {
        const int32_t count = width - start < PS_RUN ? width - start : PS_RUN;
        int64_t delta_x[PS_RUN], delta_y[PS_RUN];
        for (int32_t i = 0; i < count; i++) {
            delta_x[i] = fixed(m[0] * (start + i) * 1024);
            delta_y[i] = fixed(m[3] * (start + i) * 1024);
        }
        for (int32_t row = 0; row < height; row++) {
            const int64_t x0 = fixed((m[1] * row + m[2]) * 1024) + 16, y0 = fixed((m[4] * row + m[5]) * 1024) + 16;
            taps t;
            t.count = count;
            int32_t low_x = INT32_MAX, low_y = INT32_MAX, high_x = INT32_MIN, high_y = INT32_MIN;
            for (int32_t i = 0; i < count; i++) {
                const int64_t x = (x0 + delta_x[i]) >> 5, y = (y0 + delta_y[i]) >> 5;
                t.a[i] = (int32_t)(x & 31);
                t.b[i] = (int32_t)(y & 31);
                t.x[i] = (int32_t)(x >> 5);
                t.y[i] = (int32_t)(y >> 5);
                low_x = t.x[i] < low_x ? t.x[i] : low_x;
                high_x = t.x[i] > high_x ? t.x[i] : high_x;
                low_y = t.y[i] < low_y ? t.y[i] : low_y;
                high_y = t.y[i] > high_y ? t.y[i] : high_y;
            }
            t.inside = low_x >= 0 && low_y >= 0 && high_x < image->width - 1 && high_y < image->height - 1;
            const ptrdiff_t first = mirrored ? width - 1 - start : start;
            warp_run(image, &t, order, crop + ((ptrdiff_t)row * width + first) * 3, pixel);
        }
    }
}
