#include "ps_sampling.h"

void ps_normalize_u8(const uint8_t *restrict pixels, ptrdiff_t count, const float scale[3], const float bias[3],
                     float *restrict planes) {
    const float s0 = scale[0], s1 = scale[1], s2 = scale[2], b0 = bias[0], b1 = bias[1], b2 = bias[2];
    float *restrict first = planes, *restrict second = planes + count, *restrict third = planes + 2 * count;
    for (ptrdiff_t i = 0; i < count; i++) {
        first[i] = s0 * (float)pixels[3 * i] + b0;
        second[i] = s1 * (float)pixels[3 * i + 1] + b1;
        third[i] = s2 * (float)pixels[3 * i + 2] + b2;
    }
}
