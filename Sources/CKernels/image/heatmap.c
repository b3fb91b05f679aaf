#include "ps_heatmap.h"
#include <math.h>

void ps_heatmap_merge_mirrored(float *maps, const float *mirrored, const int32_t *partner, int32_t channels, int32_t height,
                               int32_t width, int shift) {
    const ptrdiff_t size = (ptrdiff_t)height * width;
    for (int32_t c = 0; c < channels; c++) {
        for (int32_t y = 0; y < height; y++) {
            float *to = maps + c * size + (ptrdiff_t)y * width;
            const float *last = mirrored + partner[c] * size + (ptrdiff_t)y * width + width - 1;
            if (!shift) {
                for (int32_t x = 0; x < width; x++) to[x] = (to[x] + last[-x]) * 0.5f;
                continue;
            }
            to[0] = (to[0] + last[0]) * 0.5f;
            for (int32_t x = 1; x < width; x++) to[x] = (to[x] + last[1 - x]) * 0.5f;
        }
    }
}

ptrdiff_t ps_heatmap_argmax(const float *map, ptrdiff_t count, float *maximum) {
    // First the value in independent lanes, which compilers turn into vectors, then its first place.
    enum { LANES = 16 };
    float lane[LANES];
    for (int l = 0; l < LANES; l++) lane[l] = -INFINITY;
    ptrdiff_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] = map[i + l] > lane[l] ? map[i + l] : lane[l];
    float best = -INFINITY;
    for (int l = 0; l < LANES; l++) best = lane[l] > best ? lane[l] : best;
    for (; i < count; i++) best = map[i] > best ? map[i] : best;
    *maximum = best;
    for (i = 0; i < count; i++)
        if (map[i] == best) return i;
    return 0;
}
