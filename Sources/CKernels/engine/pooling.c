#include "ps_engine.h"
#include "vector.h"

// First tap and one past the last tap that lie in [0, length) for a window that starts at `start`.
PS_INLINE void taps_inside(ptrdiff_t start, size_t kernel, size_t dilation, size_t length, size_t *from, size_t *to) {
    const ptrdiff_t d = (ptrdiff_t)dilation;
    ptrdiff_t first = start >= 0 ? 0 : (-start + d - 1) / d;
    ptrdiff_t end = start >= (ptrdiff_t)length ? 0 : ((ptrdiff_t)length - 1 - start) / d + 1;
    if (end > (ptrdiff_t)kernel) end = (ptrdiff_t)kernel;
    if (first > end) first = end;
    *from = (size_t)first;
    *to = (size_t)end;
}

PS_INLINE float larger(float a, float b) { return a > b || a != a ? a : b; }

// Rows first, then columns of the result, one tap at a time: vector code where the stride is 1.
PS_VECTORISED static void max_rows(float *restrict best, const float *restrict row, size_t n) {
    for (size_t x = 0; x < n; x++) best[x] = larger(row[x], best[x]);
}

PS_VECTORISED static void max_strided(float *restrict best, const float *restrict row, size_t stride, size_t n) {
    for (size_t x = 0; x < n; x++) best[x] = larger(row[x * stride], best[x]);
}

void ps_max_pool(float *out, const float *in, size_t planes, const ps_window *w) {
    for (size_t p = 0; p < planes; p++, in += w->in_h * w->in_w) {
        for (size_t y = 0; y < w->out_h; y++, out += w->out_w) {
            for (size_t x = 0; x < w->out_w; x++) out[x] = -INFINITY;
            const ptrdiff_t top = (ptrdiff_t)(y * w->stride_y) - (ptrdiff_t)w->pad_top;
            size_t ky, ky_end;
            taps_inside(top, w->kernel_h, w->dilation_y, w->in_h, &ky, &ky_end);
            for (; ky < ky_end; ky++) {
                const float *row = in + (top + (ptrdiff_t)(ky * w->dilation_y)) * (ptrdiff_t)w->in_w;
                for (size_t kx = 0; kx < w->kernel_w; kx++) {
                    // Output columns whose tap kx lies inside the row.
                    const ptrdiff_t offset = (ptrdiff_t)(kx * w->dilation_x) - (ptrdiff_t)w->pad_left;
                    size_t from, to;
                    taps_inside(offset, w->out_w, w->stride_x, w->in_w, &from, &to);
                    if (from >= to) continue;
                    const float *tap = row + (ptrdiff_t)(from * w->stride_x) + offset;
                    if (w->stride_x == 1) max_rows(out + from, tap, to - from);
                    else max_strided(out + from, tap, w->stride_x, to - from);
                }
            }
        }
    }
}

void ps_average_pool(
    float *out, const float *in, size_t planes, const ps_window *w, int count_padding, size_t pad_bottom, size_t pad_right
) {
    for (size_t p = 0; p < planes; p++, in += w->in_h * w->in_w) {
        for (size_t y = 0; y < w->out_h; y++) {
            const ptrdiff_t top = (ptrdiff_t)(y * w->stride_y) - (ptrdiff_t)w->pad_top;
            size_t y_from, y_to, y_padded_from, y_padded_to;
            taps_inside(top, w->kernel_h, w->dilation_y, w->in_h, &y_from, &y_to);
            taps_inside(top + (ptrdiff_t)w->pad_top, w->kernel_h, w->dilation_y, w->in_h + w->pad_top + pad_bottom, &y_padded_from, &y_padded_to);
            for (size_t x = 0; x < w->out_w; x++) {
                const ptrdiff_t left = (ptrdiff_t)(x * w->stride_x) - (ptrdiff_t)w->pad_left;
                size_t x_from, x_to, x_padded_from, x_padded_to;
                taps_inside(left, w->kernel_w, w->dilation_x, w->in_w, &x_from, &x_to);
                taps_inside(left + (ptrdiff_t)w->pad_left, w->kernel_w, w->dilation_x, w->in_w + w->pad_left + pad_right, &x_padded_from, &x_padded_to);
                float sum = 0.0f;
                for (size_t ky = y_from; ky < y_to; ky++) {
                    const float *row = in + (top + (ptrdiff_t)(ky * w->dilation_y)) * (ptrdiff_t)w->in_w;
                    for (size_t kx = x_from; kx < x_to; kx++) sum += row[left + (ptrdiff_t)(kx * w->dilation_x)];
                }
                const size_t count = count_padding
                    ? (y_padded_to - y_padded_from) * (x_padded_to - x_padded_from)
                    : (y_to - y_from) * (x_to - x_from);
                *out++ = count > 0 ? sum / (float)count : 0.0f;
            }
        }
    }
}
