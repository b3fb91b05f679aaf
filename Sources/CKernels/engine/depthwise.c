#include "ps_engine.h"
#include "vector.h"

// The plane is first copied into one with its padding around it, so that the sums have no border code; it stays in the
// first-level cache. The row loop with a constant number of taps and a constant stride is vector code.

static size_t padded_height(const ps_window *w) { return (w->out_h - 1) * w->stride_y + (w->kernel_h - 1) * w->dilation_y + 1; }
static size_t padded_width(const ps_window *w) { return (w->out_w - 1) * w->stride_x + (w->kernel_w - 1) * w->dilation_x + 1; }

size_t ps_depthwise_scratch(const ps_window *w) { return padded_height(w) * padded_width(w); }

static void pad(float *padded, const float *in, const ps_window *w, size_t height, size_t width) {
    const size_t begin = w->pad_left < width ? w->pad_left : width;
    const size_t n = w->in_w < width - begin ? w->in_w : width - begin;
    for (size_t y = 0; y < height; y++, padded += width) {
        if (y < w->pad_top || y - w->pad_top >= w->in_h) {
            memset(padded, 0, width * sizeof(float));
            continue;
        }
        memset(padded, 0, begin * sizeof(float));
        memcpy(padded + begin, in + (y - w->pad_top) * w->in_w, n * sizeof(float));
        memset(padded + begin + n, 0, (width - begin - n) * sizeof(float));
    }
}

PS_INLINE void rows(
    float *restrict out, const float *restrict in, const float *weights, float bias, const ps_window *w, size_t width,
    size_t kernel_h, size_t kernel_w, size_t stride, size_t dilation
) {
    for (size_t y = 0; y < w->out_h; y++, out += w->out_w) {
        const float *top = in + y * w->stride_y * width;
        for (size_t x = 0; x < w->out_w; x++) {
            float sum = bias;
            for (size_t ky = 0; ky < kernel_h; ky++)
                for (size_t kx = 0; kx < kernel_w; kx++)
                    sum += weights[ky * kernel_w + kx] * top[ky * w->dilation_y * width + x * stride + kx * dilation];
            out[x] = sum;
        }
    }
}

PS_VECTORISED static void rows_3_1(float *restrict out, const float *restrict in, const float *weights, float bias, const ps_window *w, size_t width) {
    rows(out, in, weights, bias, w, width, 3, 3, 1, 1);
}
PS_VECTORISED static void rows_3_2(float *restrict out, const float *restrict in, const float *weights, float bias, const ps_window *w, size_t width) {
    rows(out, in, weights, bias, w, width, 3, 3, 2, 1);
}
PS_VECTORISED static void rows_5_1(float *restrict out, const float *restrict in, const float *weights, float bias, const ps_window *w, size_t width) {
    rows(out, in, weights, bias, w, width, 5, 5, 1, 1);
}
PS_VECTORISED static void rows_5_2(float *restrict out, const float *restrict in, const float *weights, float bias, const ps_window *w, size_t width) {
    rows(out, in, weights, bias, w, width, 5, 5, 2, 1);
}

// Any window: one tap at a time over whole rows.
PS_VECTORISED static void rows_any(float *restrict out, const float *restrict in, const float *weights, float bias, const ps_window *w, size_t width) {
    for (size_t y = 0; y < w->out_h; y++, out += w->out_w) {
        for (size_t x = 0; x < w->out_w; x++) out[x] = bias;
        for (size_t ky = 0; ky < w->kernel_h; ky++) {
            const float *row = in + (y * w->stride_y + ky * w->dilation_y) * width;
            for (size_t kx = 0; kx < w->kernel_w; kx++) {
                const float weight = weights[ky * w->kernel_w + kx];
                const float *tap = row + kx * w->dilation_x;
                if (w->stride_x == 1)
                    for (size_t x = 0; x < w->out_w; x++) out[x] += weight * tap[x];
                else
                    for (size_t x = 0; x < w->out_w; x++) out[x] += weight * tap[x * w->stride_x];
            }
        }
    }
}

void ps_depthwise(float *out, const float *in, const float *weights, float bias, const ps_window *w, ps_activation f, float *padded) {
    const size_t height = padded_height(w), width = padded_width(w);
    const float *source = padded;
    if (w->pad_top == 0 && w->pad_left == 0 && height <= w->in_h && width == w->in_w) source = in;
    else pad(padded, in, w, height, width);
    const int square = w->kernel_h == w->kernel_w && w->stride_y == w->stride_x && w->dilation_y == 1 && w->dilation_x == 1;
    if (square && w->kernel_w == 3 && w->stride_x == 1) rows_3_1(out, source, weights, bias, w, width);
    else if (square && w->kernel_w == 3 && w->stride_x == 2) rows_3_2(out, source, weights, bias, w, width);
    else if (square && w->kernel_w == 5 && w->stride_x == 1) rows_5_1(out, source, weights, bias, w, width);
    else if (square && w->kernel_w == 5 && w->stride_x == 2) rows_5_2(out, source, weights, bias, w, width);
    else rows_any(out, source, weights, bias, w, width);
    if (f.kind != PS_ACT_IDENTITY) ps_activate(out, out, w->out_h * w->out_w, f);
}
