#include "ps_engine.h"
#include "vector.h"

// The output columns x in [*from, *to) whose tap reads inside the row: 0 <= x * stride + offset < length.
static void inside(ptrdiff_t offset, size_t stride, size_t length, size_t limit, size_t *from, size_t *to) {
    const ptrdiff_t s = (ptrdiff_t)stride;
    ptrdiff_t first = offset >= 0 ? 0 : (-offset + s - 1) / s;
    ptrdiff_t end = offset >= (ptrdiff_t)length ? 0 : ((ptrdiff_t)length - 1 - offset) / s + 1;
    if (first > (ptrdiff_t)limit) first = (ptrdiff_t)limit;
    if (end > (ptrdiff_t)limit) end = (ptrdiff_t)limit;
    if (end < first) end = first;
    *from = (size_t)first;
    *to = (size_t)end;
}

static void copy_strided(float *out, const float *in, size_t stride, size_t n) {
    if (stride == 1) {
        memcpy(out, in, n * sizeof(float));
    } else if (stride == 2) {
        for (size_t i = 0; i < n; i++) out[i] = in[2 * i];
    } else {
        for (size_t i = 0; i < n; i++) out[i] = in[stride * i];
    }
}

static void add_strided(float *out, const float *in, size_t stride, size_t n) {
    if (stride == 1) {
        for (size_t i = 0; i < n; i++) out[i] += in[i];
    } else {
        for (size_t i = 0; i < n; i++) out[stride * i] += in[i];
    }
}

void ps_im2col(float *columns, const float *planes, size_t channels, const ps_window *w, size_t first, size_t count) {
    for (size_t c = 0; c < channels; c++, planes += w->in_h * w->in_w) {
        for (size_t ky = 0; ky < w->kernel_h; ky++) {
            for (size_t kx = 0; kx < w->kernel_w; kx++, columns += count) {
                const ptrdiff_t offset = (ptrdiff_t)(kx * w->dilation_x) - (ptrdiff_t)w->pad_left;
                size_t from, to;
                inside(offset, w->stride_x, w->in_w, w->out_w, &from, &to);
                // The wanted pixels as pieces of output rows.
                float *out = columns;
                size_t y = first / w->out_w, x = first % w->out_w, left = count;
                while (left > 0) {
                    const size_t end = x + left < w->out_w ? x + left : w->out_w;
                    const ptrdiff_t row = (ptrdiff_t)(y * w->stride_y + ky * w->dilation_y) - (ptrdiff_t)w->pad_top;
                    const size_t n = end - x;
                    size_t a = from > x ? from : x, b = to < end ? to : end;
                    if (row < 0 || row >= (ptrdiff_t)w->in_h || b <= a) {
                        memset(out, 0, n * sizeof(float));
                    } else {
                        memset(out, 0, (a - x) * sizeof(float));
                        const float *source = planes + row * (ptrdiff_t)w->in_w + (ptrdiff_t)(a * w->stride_x) + offset;
                        copy_strided(out + (a - x), source, w->stride_x, b - a);
                        memset(out + (b - x), 0, (end - b) * sizeof(float));
                    }
                    out += n;
                    left -= n;
                    x = 0;
                    y++;
                }
            }
        }
    }
}

void ps_col2im_add(float *planes, const float *columns, size_t channels, const ps_window *w, size_t first, size_t count) {
    for (size_t c = 0; c < channels; c++, planes += w->in_h * w->in_w) {
        for (size_t ky = 0; ky < w->kernel_h; ky++) {
            for (size_t kx = 0; kx < w->kernel_w; kx++, columns += count) {
                const ptrdiff_t offset = (ptrdiff_t)(kx * w->dilation_x) - (ptrdiff_t)w->pad_left;
                size_t from, to;
                inside(offset, w->stride_x, w->in_w, w->out_w, &from, &to);
                const float *in = columns;
                size_t y = first / w->out_w, x = first % w->out_w, left = count;
                while (left > 0) {
                    const size_t end = x + left < w->out_w ? x + left : w->out_w;
                    const ptrdiff_t row = (ptrdiff_t)(y * w->stride_y + ky * w->dilation_y) - (ptrdiff_t)w->pad_top;
                    const size_t a = from > x ? from : x, b = to < end ? to : end;
                    if (row >= 0 && row < (ptrdiff_t)w->in_h && b > a) {
                        float *target = planes + row * (ptrdiff_t)w->in_w + (ptrdiff_t)(a * w->stride_x) + offset;
                        add_strided(target, in + (a - x), w->stride_x, b - a);
                    }
                    in += end - x;
                    left -= end - x;
                    x = 0;
                    y++;
                }
            }
        }
    }
}
