#include "ps_flow.h"
#include <string.h>

size_t ps_pyramid_layout(ps_pyramid *pyramid, uint8_t *memory, int32_t width, int32_t height, int32_t smallest) {
    size_t bytes = 0;
    pyramid->count = 0;
    do {
        if (memory) pyramid->level[pyramid->count] = ps_grey_in(memory + bytes, width, height);
        bytes += ps_grey_bytes(width, height);
        pyramid->count++;
        width = width / 2 + width % 2;
        height = height / 2 + height % 2;
    } while (pyramid->count < PS_GREY_LEVELS && width > smallest && height > smallest);
    return bytes;
}

// The pixel inside a line of n that stands at place i outside.
static int32_t inside(int32_t i, int32_t n, ps_border border) {
    if (border == PS_BORDER_REPEAT || n == 1) return i < 0 ? 0 : i >= n ? n - 1 : i;
    while (i < 0 || i >= n) i = i < 0 ? -i : 2 * n - 2 - i;   // a line shorter than the border is mirrored again and again
    return i;
}

void ps_grey_fill_border(const ps_grey *g, ps_border border) {
    int32_t left[PS_GREY_BORDER], right[PS_GREY_BORDER];
    for (int32_t i = 0; i < PS_GREY_BORDER; i++) {
        left[i] = inside(i - PS_GREY_BORDER, g->width, border);
        right[i] = inside(g->width + i, g->width, border);
    }
    for (int32_t y = 0; y < g->height; y++) {
        uint8_t *row = g->base + y * g->row;
        for (int32_t i = 0; i < PS_GREY_BORDER; i++) {
            row[i - PS_GREY_BORDER] = row[left[i]];
            row[g->width + i] = row[right[i]];
        }
    }
    const size_t whole = (size_t)g->width + 2 * PS_GREY_BORDER;
    for (int32_t i = 1; i <= PS_GREY_BORDER; i++) {
        memcpy(g->base - i * g->row - PS_GREY_BORDER, g->base + inside(-i, g->height, border) * g->row - PS_GREY_BORDER, whole);
        const int32_t below = g->height - 1 + i;
        memcpy(g->base + below * g->row - PS_GREY_BORDER, g->base + inside(below, g->height, border) * g->row - PS_GREY_BORDER, whole);
    }
}

// One row of samples of `bytes` bytes, `step` bytes apart, cut to 8 bits.
static void cut_row(const uint8_t *from, int32_t step, int32_t bytes, int32_t shift, int32_t width, uint8_t *to) {
    if (bytes == 1 && step == 1) {
        memcpy(to, from, (size_t)width);
    } else if (bytes == 1) {
        for (int32_t x = 0; x < width; x++) to[x] = from[(ptrdiff_t)x * step];
    } else if (step == 2) {
        for (int32_t x = 0; x < width; x++) {
            uint16_t word;
            memcpy(&word, from + 2 * (ptrdiff_t)x, 2);
            const uint16_t cut = (uint16_t)(word >> shift);
            to[x] = (uint8_t)(cut > 255 ? 255 : cut);
        }
    } else {
        for (int32_t x = 0; x < width; x++) {
            const uint8_t *p = from + (ptrdiff_t)x * step;
            const int32_t cut = (p[0] | p[1] << 8) >> shift;
            to[x] = (uint8_t)(cut > 255 ? 255 : cut);
        }
    }
}

void ps_grey_from_image(const ps_image *image, const ps_grey *grey) {
    const ps_component *c = image->c;
    for (int32_t y = 0; y < grey->height; y++) {
        uint8_t *to = grey->base + y * grey->row;
        if (image->kind != PS_IMAGE_RGB) {
            cut_row(c[0].base + y * c[0].row, c[0].step, image->sample_bytes, image->depth - 8, grey->width, to);
            continue;
        }
        const uint8_t *r = c[0].base + y * c[0].row, *g = c[1].base + y * c[1].row, *b = c[2].base + y * c[2].row;
        for (int32_t x = 0; x < grey->width; x++) {
            const ptrdiff_t i = x;
            to[x] = (uint8_t)((77 * r[i * c[0].step] + 150 * g[i * c[1].step] + 29 * b[i * c[2].step] + 128) >> 8);
        }
    }
}

void ps_grey_cells(const ps_grey *grey, int32_t columns, int32_t rows, uint8_t *cells) {
    for (int32_t j = 0; j < rows; j++) {
        const int32_t top = (int32_t)((int64_t)j * grey->height / rows), end = (int32_t)((int64_t)(j + 1) * grey->height / rows);
        const int32_t bottom = end > top ? end : top + 1;
        for (int32_t i = 0; i < columns; i++) {
            const int32_t left = (int32_t)((int64_t)i * grey->width / columns), stop = (int32_t)((int64_t)(i + 1) * grey->width / columns);
            const int32_t right = stop > left ? stop : left + 1;
            uint64_t sum = 0;
            for (int32_t y = top; y < bottom; y++)
                for (int32_t x = left; x < right; x++) sum += grey->base[y * grey->row + x];
            const uint64_t count = (uint64_t)(bottom - top) * (uint64_t)(right - left);
            cells[j * columns + i] = (uint8_t)((sum + count / 2) / count);
        }
    }
}

uint32_t ps_cells_difference(const uint8_t *a, const uint8_t *b, int32_t columns, int32_t rows, int32_t dx, int32_t dy) {
    const int32_t left = dx < 0 ? -dx : 0, right = dx > 0 ? columns - dx : columns;
    const int32_t top = dy < 0 ? -dy : 0, bottom = dy > 0 ? rows - dy : rows;
    uint32_t sum = 0;
    for (int32_t y = top; y < bottom; y++) {
        const uint8_t *p = a + y * columns, *q = b + (y + dy) * columns + dx;
        for (int32_t x = left; x < right; x++) sum += (uint32_t)(p[x] > q[x] ? p[x] - q[x] : q[x] - p[x]);
    }
    return sum;
}
