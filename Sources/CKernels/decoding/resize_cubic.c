#include "enlarge.h"
#include <math.h>

static ps_cubic_tap tap(int32_t place, double step) {
    const float at = (float)((place + 0.5) * step - 0.5);
    const float low = floorf(at);
    ps_cubic_tap t = {.first = (int32_t)low - 1};
    ps_cubic_weights(at - low, t.weight);
    return t;
}

static void resize_row(const float *from, int32_t width, const ps_cubic_tap *taps, int32_t out_width, float *to) {
    for (int32_t x = 0; x < out_width; x++) {
        const int32_t first = taps[x].first;
        const float *w = taps[x].weight;
        if (first >= 0 && first + 3 < width) {
            const float *s = from + first;
            to[x] = s[0] * w[0] + s[1] * w[1] + s[2] * w[2] + s[3] * w[3];
        } else {
            float s[4];
            for (int c = 0; c < 4; c++) s[c] = from[ps_between(first + c, 0, width - 1)];
            to[x] = s[0] * w[0] + s[1] * w[1] + s[2] * w[2] + s[3] * w[3];
        }
    }
}

void ps_resize_cubic_f32(const float *map, ptrdiff_t row, int32_t height, int32_t width, double step_x, double step_y,
                         ps_cubic_tap *taps, float *lines, float *out, ptrdiff_t out_row, int32_t out_height, int32_t out_width) {
    for (int32_t x = 0; x < out_width; x++) taps[x] = tap(x, step_x);
    // Of four neighbouring rows no two share a line.
    int32_t held[4] = {-1, -1, -1, -1};
    for (int32_t y = 0; y < out_height; y++) {
        const ps_cubic_tap down = tap(y, step_y);
        const float *line[4];
        for (int r = 0; r < 4; r++) {
            const int32_t from = ps_between(down.first + r, 0, height - 1);
            float *to = lines + (ptrdiff_t)(from & 3) * out_width;
            if (held[from & 3] != from) {
                resize_row(map + from * row, width, taps, out_width, to);
                held[from & 3] = from;
            }
            line[r] = to;
        }
        const float *w = down.weight;
        float *to = out + y * out_row;
        for (int32_t x = 0; x < out_width; x++) to[x] = line[0][x] * w[0] + line[1][x] * w[1] + line[2][x] * w[2] + line[3][x] * w[3];
    }
}

void ps_add_divided_f32(float *sums, const float *values, ptrdiff_t count, float divisor) {
    for (ptrdiff_t i = 0; i < count; i++) sums[i] += values[i] / divisor;
}
