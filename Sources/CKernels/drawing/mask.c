#include "drawing_plane.h"

static void draw_luma(ps_plane plane, int32_t x0, int32_t y0, const uint8_t *mask, int32_t w, int32_t h, ptrdiff_t row, float alpha) {
    const int32_t left = x0 < 0 ? -x0 : 0, top = y0 < 0 ? -y0 : 0;
    const int32_t right = w < plane.width - x0 ? w : plane.width - x0, bottom = h < plane.height - y0 ? h : plane.height - y0;
    const float unit = alpha / 255.0f;
    for (int32_t y = top; y < bottom; y++) {
        uint8_t *restrict line = plane.base + (y0 + y) * plane.row + x0;
        const uint8_t *restrict source = mask + y * row;
        for (int32_t x = left; x < right; x++) line[x] = ps_blend(line[x], plane.sample, unit * (float)source[x]);
    }
}

static int at(const uint8_t *mask, int32_t w, int32_t h, ptrdiff_t row, int32_t x, int32_t y) {
    return x >= 0 && y >= 0 && x < w && y < h ? mask[y * row + x] : 0;
}

// A chroma sample takes the mean of the mask over its four pixels.
static void draw_chroma(ps_plane plane, int32_t x0, int32_t y0, const uint8_t *mask, int32_t w, int32_t h, ptrdiff_t row, float alpha) {
    const ps_span rows = ps_span_of(floor(y0 / 2.0), floor((y0 + h - 1) / 2.0), plane.height);
    const ps_span columns = ps_span_of(floor(x0 / 2.0), floor((x0 + w - 1) / 2.0), plane.width);
    const float unit = alpha / (4.0f * 255.0f);
    for (int32_t y = rows.first; y <= rows.last; y++) {
        uint8_t *line = plane.base + y * plane.row;
        for (int32_t x = columns.first; x <= columns.last; x++) {
            const int32_t mx = 2 * x - x0, my = 2 * y - y0;
            const int sum = at(mask, w, h, row, mx, my) + at(mask, w, h, row, mx + 1, my) + at(mask, w, h, row, mx, my + 1)
                + at(mask, w, h, row, mx + 1, my + 1);
            line[x] = ps_blend(line[x], plane.sample, unit * (float)sum);
        }
    }
}

void ps_draw_mask(
    const ps_canvas *canvas, int32_t x, int32_t y, const uint8_t *mask, int32_t width, int32_t height, ptrdiff_t row, ps_ink ink) {
    if (!ps_ink_is_visible(ink) || width <= 0 || height <= 0) return;
    // Rejected first, so that no sum below can leave the range of int32.
    if (x >= canvas->width || y >= canvas->height || x <= -width || y <= -height) return;
    draw_luma(ps_plane_of(canvas, 0, ink), x, y, mask, width, height, row, ink.alpha);
    for (int i = 1; i < 3; i++) draw_chroma(ps_plane_of(canvas, i, ink), x, y, mask, width, height, row, ink.alpha);
}
