#ifndef PS_ENLARGE_H
#define PS_ENLARGE_H
#include "ps_decoding.h"

// OpenCV's INTER_CUBIC by a whole factor: the weights repeat, so there are `factor` rows of them.
typedef struct {
    int32_t factor;
    float weight[PS_ENLARGE_MAX][4];
} ps_enlargement;

// Weights of the four samples around a place `x` (0 to 1) behind the second of them; a = -0.75.
static inline void ps_cubic_weights(float x, float w[4]) {
    const float a = -0.75f;
    w[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
    w[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
    w[2] = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
    w[3] = 1 - w[0] - w[1] - w[2];
}

static inline ps_enlargement ps_enlargement_by(int32_t factor) {
    ps_enlargement e;
    e.factor = factor;
    // The first output pixel behind a sample is the factor / 2-th behind the sample's own block's start.
    for (int32_t p = 0; p < factor; p++) ps_cubic_weights((float)((factor / 2 + p + 0.5) / factor - 0.5), e.weight[p]);
    return e;
}

static inline int32_t ps_between(int32_t v, int32_t low, int32_t high) { return v < low ? low : v > high ? high : v; }

// The four rows or columns around output place `place`: the second of them and the row of weights.
static inline int32_t ps_enlarged_base(const ps_enlargement *e, int32_t place, const float **weights) {
    const int32_t shifted = place - e->factor / 2 + e->factor;   // not negative
    *weights = e->weight[shifted % e->factor];
    return shifted / e->factor - 1;
}

// One value of the enlarged map: horizontally first, then vertically, as OpenCV does.
static inline float ps_enlarged_at(const ps_enlargement *e, const float *map, int32_t height, int32_t width, int32_t x, int32_t y) {
    const float *wx, *wy;
    const int32_t column = ps_enlarged_base(e, x, &wx), row = ps_enlarged_base(e, y, &wy);
    float line[4];
    for (int r = 0; r < 4; r++) {
        const float *from = map + (ptrdiff_t)ps_between(row - 1 + r, 0, height - 1) * width;
        float t[4];
        for (int c = 0; c < 4; c++) t[c] = from[ps_between(column - 1 + c, 0, width - 1)];
        line[r] = t[0] * wx[0] + t[1] * wx[1] + t[2] * wx[2] + t[3] * wx[3];
    }
    return line[0] * wy[0] + line[1] * wy[1] + line[2] * wy[2] + line[3] * wy[3];
}

#endif
