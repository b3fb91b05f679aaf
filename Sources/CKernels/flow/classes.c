// Soft histograms of brightness and colour in a part of a picture.
#include "ps_flow.h"

static int32_t sample(const ps_image *image, int component, int32_t x, int32_t y) {
    const ps_component *c = &image->c[component];
    const uint8_t *p = c->base + (ptrdiff_t)(y >> c->shift_y) * c->row + (ptrdiff_t)(x >> c->shift_x) * c->step;
    return image->sample_bytes == 1 ? p[0] : (p[0] | p[1] << 8) >> (image->depth - 8);
}

static int32_t clamp_byte(int32_t v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

// The two classes whose centres (16, 48, ... 240) are next to v share it.
static void count_value(uint32_t *counts, int32_t v) {
    const int32_t place = v < 16 ? 0 : v > 239 ? 32 * (PS_CLASSES - 1) : v - 16;
    const int32_t first = place >> 5, rest = place & 31;
    counts[first] += (uint32_t)(32 - rest);
    if (rest) counts[first + 1] += (uint32_t)rest;
}

uint32_t ps_count_classes(
    const ps_image *image, int32_t left, int32_t top, int32_t width, int32_t height, int32_t most, uint32_t counts[3 * PS_CLASSES]) {
    for (int32_t i = 0; i < 3 * PS_CLASSES; i++) counts[i] = 0;
    const int32_t columns = width < most ? width : most, rows = height < most ? height : most;
    for (int32_t j = 0; j < rows; j++) {
        const int32_t y = top + (int32_t)((2 * (int64_t)j + 1) * height / (2 * rows));
        for (int32_t i = 0; i < columns; i++) {
            const int32_t x = left + (int32_t)((2 * (int64_t)i + 1) * width / (2 * columns));
            int32_t luma = sample(image, 0, x, y), blue = 128, red = 128;
            if (image->kind == PS_IMAGE_YUV) {
                blue = sample(image, 1, x, y);
                red = sample(image, 2, x, y);
            } else if (image->kind == PS_IMAGE_RGB) {
                const int32_t r = luma, g = sample(image, 1, x, y), b = sample(image, 2, x, y);
                luma = (77 * r + 150 * g + 29 * b + 128) >> 8;
                // 128 and a half are added before the shift, so that what is shifted is never negative.
                blue = (-43 * r - 85 * g + 128 * b + 128 * 256 + 128) >> 8;
                red = (128 * r - 107 * g - 21 * b + 128 * 256 + 128) >> 8;
            }
            count_value(counts, clamp_byte(luma));
            // Clothes have little colour: twice as fine about grey.
            count_value(counts + PS_CLASSES, clamp_byte(2 * blue - 128));
            count_value(counts + 2 * PS_CLASSES, clamp_byte(2 * red - 128));
        }
    }
    return (uint32_t)(columns > 0 && rows > 0 ? 32 * columns * rows : 0);
}
