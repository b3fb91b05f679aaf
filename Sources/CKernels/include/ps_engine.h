#ifndef PS_ENGINE_H
#define PS_ENGINE_H
#include <stddef.h>
#include <stdint.h>

// Plain kernels of the network engine: simply correct, and what the fast ones are tested against.
// Pictures are planes, row-major and dense. Sources and destinations never overlap unless it says "in place".

// ---- Activations ----

typedef enum {
    PS_ACT_IDENTITY = 0,
    PS_ACT_RELU,
    PS_ACT_CLIP,          // a <= y <= b
    PS_ACT_LEAKY_RELU,    // x < 0: a x
    PS_ACT_ELU,           // x < 0: a (e^x - 1)
    PS_ACT_SELU,          // b x; x < 0: b a (e^x - 1)
    PS_ACT_SIGMOID,
    PS_ACT_HARD_SIGMOID,  // clip(a x + b, 0, 1)
    PS_ACT_HARD_SWISH,    // x clip(x / 6 + 1/2, 0, 1)
    PS_ACT_TANH,
    PS_ACT_SOFTPLUS,      // ln(1 + e^x)
    PS_ACT_SOFTSIGN,      // x / (1 + |x|)
    PS_ACT_MISH,          // x tanh(softplus(x))
    PS_ACT_SILU,          // x sigmoid(a x)
    PS_ACT_GELU_ERF,      // x/2 (1 + erf(x / sqrt 2))
    PS_ACT_GELU_TANH,     // the approximation with tanh
    PS_ACT_ERF,
    PS_ACT_EXP
} ps_activation_kind;

typedef struct {
    ps_activation_kind kind;
    float a, b;
} ps_activation;

// y[i] = f(x[i]); y may be x. NaN stays NaN.
void ps_activate(float *y, const float *x, size_t n, ps_activation f);

// In place, row r of n values: x = f(x * scale[r] + shift[r]). scale or shift may be NULL.
void ps_scale_shift_activate(float *x, size_t rows, size_t n, const float *scale, const float *shift, ps_activation f);

// y[i] = x[i] < 0 ? slope * x[i] : x[i]
void ps_leaky_relu(float *y, const float *x, size_t n, float slope);

// y[i] = x[i] < 0 ? slope[i] * x[i] : x[i]
void ps_prelu(float *y, const float *x, const float *slope, size_t n);

// ---- Windows: convolution and pooling ----

// A window that slides over a plane. Output row y, tap j reads input row y * stride_y + j * dilation_y - pad_top.
typedef struct {
    size_t in_h, in_w, out_h, out_w;
    size_t kernel_h, kernel_w, stride_y, stride_x, dilation_y, dilation_x;
    size_t pad_top, pad_left;   // what lies beyond the plane reads as zero
} ps_window;

// Columns [first, first + count) of the matrix whose product with the weights is the convolution:
// row (c * kernel_h + ky) * kernel_w + kx, column = output pixel (row-major).
void ps_im2col(float *columns, const float *planes, size_t channels, const ps_window *w, size_t first, size_t count);

// The reverse, for transposed convolution: adds each column to the pixels of `planes` that it touches.
// Here "out" of the window is the small picture (the columns), "in" the large one.
void ps_col2im_add(float *planes, const float *columns, size_t channels, const ps_window *w, size_t first, size_t count);

// One plane with one kernel: out = f(bias + window sum). `padded` is scratch of ps_depthwise_scratch floats.
void ps_depthwise(float *out, const float *in, const float *weights, float bias, const ps_window *w, ps_activation f, float *padded);
size_t ps_depthwise_scratch(const ps_window *w);

void ps_max_pool(float *out, const float *in, size_t planes, const ps_window *w);

// Divides by the number of taps inside the picture; with `count_padding` by the number inside the padded picture,
// whose far edges are pad_bottom and pad_right.
void ps_average_pool(
    float *out, const float *in, size_t planes, const ps_window *w, int count_padding, size_t pad_bottom, size_t pad_right);

// ---- Resize ----

// Along one axis of [outer, in_length, inner]: out[o][i][k] = sum over t of weights[i * taps + t] * in[o][indices[i * taps + t]][k].
void ps_resample(
    float *out, const float *in, size_t outer, size_t in_length, size_t out_length, size_t inner, size_t taps,
    const int32_t *indices, const float *weights);

// Both axes of planes at once without interpolation: out[y][x] = in[rows[y]][columns[x]], elements of any number of bytes.
void ps_resize_nearest(
    void *out, const void *in, size_t element, size_t planes, size_t in_h, size_t in_w, size_t out_h, size_t out_w,
    const int32_t *rows, const int32_t *columns);

// ---- Normalization and softmax ----

// Per row of n values: out = (x - mean) / sqrt(variance + epsilon). Sums in double.
void ps_normalize_rows(float *out, const float *in, size_t rows, size_t n, float epsilon);

// Over the middle axis of [outer, n, inner]; `logarithm`: log of the result.
void ps_softmax(float *out, const float *in, size_t outer, size_t n, size_t inner, int logarithm);

#endif
