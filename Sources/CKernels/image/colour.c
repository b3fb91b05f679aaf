#include "ps_colour.h"

void ps_store_run(const ps_image *image, const ps_samples *run, int32_t count, ps_order order, uint8_t *out, ptrdiff_t pixel) {
    uint8_t rgb[3][PS_RUN];
    if (image->kind == PS_IMAGE_RGB) {
        for (int c = 0; c < 3; c++)
            for (int32_t i = 0; i < count; i++) rgb[c][i] = ps_to_byte(run->c[c][i]);
    } else if (image->kind == PS_IMAGE_GRAY) {
        const float scale = image->y_scale, offset = image->y_offset;
        for (int32_t i = 0; i < count; i++) rgb[0][i] = ps_to_byte(scale * (run->c[0][i] - offset * run->cover[i]));
        memcpy(rgb[1], rgb[0], sizeof rgb[0]);
        memcpy(rgb[2], rgb[0], sizeof rgb[0]);
    } else {
        const float scale = image->y_scale, offset = image->y_offset;
        const float vr = image->v_to_r, ug = image->u_to_g, vg = image->v_to_g, ub = image->u_to_b;
        for (int32_t i = 0; i < count; i++) {
            // Luma is already weighted by the cover: taps outside brought nothing. The offset and chroma are weighted here.
            const float cover = run->cover[i];
            const float y = scale * (run->c[0][i] - offset * cover);
            const float u = (run->c[1][i] - 128) * cover, v = (run->c[2][i] - 128) * cover;
            rgb[0][i] = ps_to_byte(y + vr * v);
            rgb[1][i] = ps_to_byte(y + ug * u + vg * v);
            rgb[2][i] = ps_to_byte(y + ub * u);
        }
    }
    const uint8_t *first = rgb[order == PS_ORDER_BGR ? 2 : 0], *third = rgb[order == PS_ORDER_BGR ? 0 : 2];
    for (int32_t i = 0; i < count; i++, out += pixel) {
        out[0] = first[i];
        out[1] = rgb[1][i];
        out[2] = third[i];
    }
}
