#include "enlarge.h"
#include <math.h>
#include <string.h>

// Which blocks of the enlarged map can reach the threshold. Block (y, x), from -1 on, lies between samples y and y + 1 and is
// made of samples y - 1 to y + 2; a cubic value is at most 1.375^2 times the largest magnitude among them.
static void mark_blocks(const float *map, int32_t height, int32_t width, float threshold, uint8_t *blocks) {
    const float least = threshold / 1.9f;
    memset(blocks, 0, (size_t)(height + 1) * (size_t)(width + 1));
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            if (!(fabsf(map[(ptrdiff_t)y * width + x]) >= least)) continue;
            const int32_t top = ps_between(y - 2, -1, height - 1), bottom = ps_between(y + 1, -1, height - 1);
            const int32_t left = ps_between(x - 2, -1, width - 1), right = ps_between(x + 1, -1, width - 1);
            for (int32_t by = top; by <= bottom; by++)
                memset(blocks + (ptrdiff_t)(by + 1) * (width + 1) + left + 1, 1, (size_t)(right - left + 1));
        }
    }
}

// The output pixels of a block along one axis: [first, end).
static inline void span(int32_t block, int32_t factor, int32_t extent, int32_t *first, int32_t *end) {
    const int32_t start = factor * block + factor / 2;
    *first = ps_between(start, 0, extent * factor);
    *end = ps_between(start + factor, 0, extent * factor);
}

static void enlarge_block(const ps_enlargement *e, const float *map, int32_t height, int32_t width, int32_t by, int32_t bx, float *out) {
    int32_t x0, x1, y0, y1;
    span(bx, e->factor, width, &x0, &x1);
    span(by, e->factor, height, &y0, &y1);
    float lines[4][PS_ENLARGE_MAX];
    const int32_t skipped_x = x0 - (e->factor * bx + e->factor / 2), skipped_y = y0 - (e->factor * by + e->factor / 2);
    for (int r = 0; r < 4; r++) {
        const float *from = map + (ptrdiff_t)ps_between(by - 1 + r, 0, height - 1) * width;
        float t[4];
        for (int c = 0; c < 4; c++) t[c] = from[ps_between(bx - 1 + c, 0, width - 1)];
        for (int32_t p = 0; p < x1 - x0; p++) {
            const float *w = e->weight[p + skipped_x];
            lines[r][p] = t[0] * w[0] + t[1] * w[1] + t[2] * w[2] + t[3] * w[3];
        }
    }
    for (int32_t q = 0; q < y1 - y0; q++) {
        const float *w = e->weight[q + skipped_y];
        float *to = out + (ptrdiff_t)(y0 + q) * width * e->factor + x0;
        for (int32_t p = 0; p < x1 - x0; p++) to[p] = lines[0][p] * w[0] + lines[1][p] * w[1] + lines[2][p] * w[2] + lines[3][p] * w[3];
    }
}

ptrdiff_t ps_enlarged_peaks(const float *map, int32_t height, int32_t width, int32_t factor, float threshold, float *enlarged,
                            uint8_t *blocks, ps_peak *peaks, ptrdiff_t capacity) {
    const ps_enlargement e = ps_enlargement_by(factor);
    const int32_t full_width = width * factor, full_height = height * factor;
    ptrdiff_t count = 0;
    mark_blocks(map, height, width, threshold, blocks);
    for (int32_t by = -1; by < height; by++)
        for (int32_t bx = -1; bx < width; bx++)
            if (blocks[(ptrdiff_t)(by + 1) * (width + 1) + bx + 1]) enlarge_block(&e, map, height, width, by, bx, enlarged);

    // What was not enlarged stayed 0, and is below the threshold anyway.
    for (int32_t by = -1; by < height; by++) {
        for (int32_t bx = -1; bx < width; bx++) {
            if (!blocks[(ptrdiff_t)(by + 1) * (width + 1) + bx + 1]) continue;
            int32_t x0, x1, y0, y1;
            span(bx, factor, width, &x0, &x1);
            span(by, factor, height, &y0, &y1);
            for (int32_t y = y0; y < y1; y++) {
                for (int32_t x = x0; x < x1; x++) {
                    const float *at = enlarged + (ptrdiff_t)y * full_width + x;
                    const float value = *at;
                    if (!(value >= threshold)) continue;
                    const int is_peak = value > (x > 0 ? at[-1] : 0) && value > (x + 1 < full_width ? at[1] : 0) &&
                                        value > (y > 0 ? at[-full_width] : 0) && value > (y + 1 < full_height ? at[full_width] : 0);
                    if (!is_peak) continue;
                    if (count < capacity) peaks[count] = (ps_peak){x, y, value};
                    count++;
                }
            }
        }
    }

    for (int32_t by = -1; by < height; by++) {
        for (int32_t bx = -1; bx < width; bx++) {
            if (!blocks[(ptrdiff_t)(by + 1) * (width + 1) + bx + 1]) continue;
            int32_t x0, x1, y0, y1;
            span(bx, factor, width, &x0, &x1);
            span(by, factor, height, &y0, &y1);
            for (int32_t y = y0; y < y1; y++) memset(enlarged + (ptrdiff_t)y * full_width + x0, 0, (size_t)(x1 - x0) * sizeof(float));
        }
    }
    return count;
}

ps_peak ps_enlarged_maximum(const float *map, int32_t width, int32_t left, int32_t top, int32_t right, int32_t bottom, int32_t factor) {
    enum { SIDE = 8 };
    const ps_enlargement e = ps_enlargement_by(factor);
    const int32_t columns = ps_between(right - left, 1, SIDE), rows = ps_between(bottom - top, 1, SIDE);
    float part[SIDE * SIDE];
    for (int32_t y = 0; y < rows; y++)
        memcpy(part + y * columns, map + (ptrdiff_t)(top + y) * width + left, (size_t)columns * sizeof(float));
    ps_peak best = {left * factor, top * factor, -INFINITY};
    for (int32_t y = 0; y < rows * factor; y++) {
        for (int32_t x = 0; x < columns * factor; x++) {
            const float value = ps_enlarged_at(&e, part, rows, columns, x, y);
            if (value > best.score) best = (ps_peak){left * factor + x, top * factor + y, value};
        }
    }
    return best;
}
