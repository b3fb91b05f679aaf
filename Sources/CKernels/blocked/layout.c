#include "ps_blocked.h"
#include <string.h>

// Between plain planes and blocks of channels. Each row of a block is 1 to 4 KB and stays in the first-level cache while its
// channels pass, so that plain loops are fast enough for what happens at the borders of a network only.

void ps_clear_halo(const ps_map *m, float *map, int32_t first, int32_t last) {
    if (m->halo == 0) return;
    const int32_t blocks = ps_map_blocks(m);
    const size_t row = (size_t)ps_map_row(m), edge = (size_t)m->halo * PS_BLOCK;
    for (int32_t item = first; item < last; item++) {
        float *plane = map + item / blocks * m->image + item % blocks * ps_map_plane(m);
        // The rows above and the left edge of the first row; right edge and the next left edge; the last right edge and the rows below.
        memset(plane, 0, ((size_t)m->halo * row + edge) * sizeof(float));
        float *right = plane + (size_t)m->halo * row + edge + (size_t)m->width * PS_BLOCK;
        for (int32_t y = 0; y + 1 < m->height; y++, right += row) memset(right, 0, 2 * edge * sizeof(float));
        memset(right, 0, ((size_t)m->halo * row + edge) * sizeof(float));
    }
}

void ps_block_planes(const ps_map *m, const float *planes, float *map, int32_t first, int32_t last) {
    const int32_t blocks = ps_map_blocks(m);
    const ptrdiff_t pixels = (ptrdiff_t)m->height * m->width;
    ps_clear_halo(m, map, first, last);
    for (int32_t item = first; item < last; item++) {
        const int32_t picture = item / blocks, block = item % blocks, base = block * PS_BLOCK;
        const int32_t lanes = m->channels - base < PS_BLOCK ? m->channels - base : PS_BLOCK;
        const float *from = planes + ((ptrdiff_t)picture * m->channels + base) * pixels;
        float *to = map + picture * m->image + block * ps_map_plane(m) + ps_map_origin(m);
        for (int32_t y = 0; y < m->height; y++, to += ps_map_row(m)) {
            if (lanes < PS_BLOCK) memset(to, 0, (size_t)m->width * PS_BLOCK * sizeof(float));
            for (int32_t lane = 0; lane < lanes; lane++) {
                const float *p = from + lane * pixels + (ptrdiff_t)y * m->width;
                for (ptrdiff_t x = 0; x < m->width; x++) to[x * PS_BLOCK + lane] = p[x];
            }
        }
    }
}

void ps_unblock_planes(
    const ps_map *sources, const float *const *maps, int32_t channels, const ps_channel *from, float *planes, int32_t first, int32_t last) {
    const int32_t groups = (channels + PS_BLOCK - 1) / PS_BLOCK, height = sources[0].height, width = sources[0].width;
    const ptrdiff_t pixels = (ptrdiff_t)height * width;
    for (int32_t item = first; item < last; item++) {
        const int32_t picture = item / groups, base = item % groups * PS_BLOCK;
        const int32_t end = base + PS_BLOCK < channels ? base + PS_BLOCK : channels;
        for (int32_t y = 0; y < height; y++) {
            for (int32_t channel = base; channel < end; channel++) {
                const ps_map *m = sources + from[channel].source;
                const float *p = maps[from[channel].source] + picture * m->image + from[channel].channel / PS_BLOCK * ps_map_plane(m)
                    + ps_map_origin(m) + (ptrdiff_t)y * ps_map_row(m) + from[channel].channel % PS_BLOCK;
                float *to = planes + ((ptrdiff_t)picture * channels + channel) * pixels + (ptrdiff_t)y * width;
                for (ptrdiff_t x = 0; x < width; x++) to[x] = p[x * PS_BLOCK];
            }
        }
    }
}

void ps_unblock_pixels(
    const ps_map *sources, const float *const *maps, int32_t channels, const ps_channel *from, float *pixels, ptrdiff_t step, int32_t first,
    int32_t last) {
    const int32_t height = sources[0].height, width = sources[0].width;
    for (int32_t item = first; item < last; item++) {
        const int32_t picture = item / height, y = item % height;
        float *row = pixels + picture * step + (ptrdiff_t)y * width * channels;
        // Runs of channels that lie side by side in one block move together.
        for (int32_t channel = 0, run; channel < channels; channel += run) {
            const ps_channel start = from[channel];
            run = 1;
            while (channel + run < channels && from[channel + run].source == start.source && from[channel + run].channel == start.channel + run
                   && (start.channel + run) % PS_BLOCK != 0)
                run++;
            const ps_map *m = sources + start.source;
            const float *p = maps[start.source] + picture * m->image + start.channel / PS_BLOCK * ps_map_plane(m) + ps_map_origin(m)
                + (ptrdiff_t)y * ps_map_row(m) + start.channel % PS_BLOCK;
            float *to = row + channel;
            if (run == PS_BLOCK) {
                for (ptrdiff_t x = 0; x < width; x++) memcpy(to + x * channels, p + x * PS_BLOCK, PS_BLOCK * sizeof(float));
            } else {
                for (ptrdiff_t x = 0; x < width; x++)
                    for (int32_t i = 0; i < run; i++) to[x * channels + i] = p[x * PS_BLOCK + i];
            }
        }
    }
}
