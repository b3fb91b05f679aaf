#include "enlarge.h"
#include <math.h>

// The official code works in f32 and compares sums: multiply and add must round apart.
#pragma clang fp contract(off)

enum { POINTS = 10, NEEDED = 9 };

ptrdiff_t ps_connected_limbs(const float *field, int32_t height, int32_t width, int32_t factor, const ps_peak *a, int32_t count_a,
                             const ps_peak *b, int32_t count_b, float threshold, ps_limb *limbs) {
    const ps_enlargement e = ps_enlargement_by(factor);
    const float *field_x = field, *field_y = field + (ptrdiff_t)height * width;
    const int32_t last_x = width * factor - 1, last_y = height * factor - 1;
    ptrdiff_t count = 0;
    for (int32_t j = 0; j < count_b; j++) {
        for (int32_t i = 0; i < count_a; i++) {
            const float ax = (float)a[i].x, ay = (float)a[i].y;
            const float dx = (float)b[j].x - ax, dy = (float)b[j].y - ay;
            const float step_x = (float)(1.0 / 9) * dx, step_y = (float)(1.0 / 9) * dy;
            const float length = sqrtf(dx * dx + dy * dy) + 1e-6f;
            const float ux = dx / length, uy = dy / length;
            float sum = 0;
            int valid = 0;
            for (int g = 0; g < POINTS; g++) {
                const int32_t x = ps_between((int32_t)rintf(step_x * (float)g + ax), 0, last_x);
                const int32_t y = ps_between((int32_t)rintf(step_y * (float)g + ay), 0, last_y);
                const float along = ps_enlarged_at(&e, field_x, height, width, x, y) * ux + ps_enlarged_at(&e, field_y, height, width, x, y) * uy;
                if (along > threshold) {
                    sum = sum + along;
                    valid++;
                } else if (g + 1 - valid > POINTS - NEEDED) {
                    break;
                }
            }
            if (valid < NEEDED) continue;
            const double affinity = (double)sum / (valid + 1e-6);
            if (affinity > 0) limbs[count++] = (ps_limb){i, j, affinity};
        }
    }
    return count;
}
