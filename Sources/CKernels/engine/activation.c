#include "ps_engine.h"
#include "vector.h"

// One loop a function: the switch stands outside, so that each loop is vector code. Comparisons are written so that NaN
// stays. `out` may be `in`, which the compiler must not fear: each element is read before it is written.

PS_INLINE float relu(float x) { return x < 0.0f ? 0.0f : x; }
PS_INLINE float clip(float x, float low, float high) {
    const float y = x < low ? low : x;
    return y > high ? high : y;
}
PS_INLINE float elu(float x, float a) { return x < 0.0f ? a * ps_expm1_negative(x < 0.0f ? x : 0.0f) : x; }
PS_INLINE float mish(float x) {
    // tanh(ln(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2); beyond 20 it is 1 in float.
    const float e = ps_exp(x > 20.0f ? 20.0f : x);
    const float q = e * (e + 2.0f);
    return x * (q / (q + 2.0f));
}
PS_INLINE float gelu_tanh(float x) { return 0.5f * x * (1.0f + ps_tanh(0.7978845608f * (x + 0.044715f * x * x * x))); }
PS_INLINE float softplus(float x) { return x > 0.0f ? x + log1pf(expf(-x)) : log1pf(expf(x)); }

#define EACH(expression)                           \
    _Pragma("clang loop vectorize(assume_safety)") \
    EACH_ALONE(expression)

// With functions of the C library, one element at a time.
#define EACH_ALONE(expression)                     \
    for (size_t i = 0; i < n; i++) {           \
        const float x = in[i];                 \
        out[i] = (expression);                 \
    }                                          \
    break

PS_VECTORISED void ps_activate(float *out, const float *in, size_t n, ps_activation f) {
    const float a = f.a, b = f.b;
    switch (f.kind) {
        case PS_ACT_IDENTITY: if (out != in) memcpy(out, in, n * sizeof(float)); break;
        case PS_ACT_RELU: EACH(relu(x));
        case PS_ACT_CLIP: EACH(clip(x, a, b));
        case PS_ACT_LEAKY_RELU: EACH(x < 0.0f ? a * x : x);
        case PS_ACT_ELU: EACH(elu(x, a));
        case PS_ACT_SELU: EACH(b * elu(x, a));
        case PS_ACT_SIGMOID: EACH(ps_sigmoid(x));
        case PS_ACT_HARD_SIGMOID: EACH(clip(a * x + b, 0.0f, 1.0f));
        case PS_ACT_HARD_SWISH: EACH(x * clip(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f));
        case PS_ACT_TANH: EACH(ps_tanh(x));
        case PS_ACT_SOFTPLUS: EACH_ALONE(softplus(x));
        case PS_ACT_SOFTSIGN: EACH(x / (1.0f + fabsf(x)));
        case PS_ACT_MISH: EACH(mish(x));
        case PS_ACT_SILU: EACH(x / (1.0f + ps_exp(-a * x)));
        case PS_ACT_GELU_ERF: EACH_ALONE(0.5f * x * (1.0f + erff(x * 0.70710678f)));
        case PS_ACT_GELU_TANH: EACH(gelu_tanh(x));
        case PS_ACT_ERF: EACH_ALONE(erff(x));
        case PS_ACT_EXP: EACH(ps_exp(x));
    }
}

PS_VECTORISED static void scale_shift(float *x, size_t n, float scale, float shift) {
    for (size_t i = 0; i < n; i++) x[i] = x[i] * scale + shift;
}

PS_VECTORISED static void shift_relu(float *x, size_t n, float shift) {
    for (size_t i = 0; i < n; i++) x[i] = relu(x[i] + shift);
}

void ps_scale_shift_activate(float *x, size_t rows, size_t n, const float *scale, const float *shift, ps_activation f) {
    for (size_t row = 0; row < rows; row++, x += n) {
        const float s = scale ? scale[row] : 1.0f, t = shift ? shift[row] : 0.0f;
        if (!scale && f.kind == PS_ACT_RELU) {
            shift_relu(x, n, t);
            continue;
        }
        if (scale || shift) scale_shift(x, n, s, t);
        if (f.kind != PS_ACT_IDENTITY) ps_activate(x, x, n, f);
    }
}

PS_VECTORISED void ps_leaky_relu(float *y, const float *x, size_t n, float slope) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] < 0.0f ? slope * x[i] : x[i];
}

PS_VECTORISED void ps_prelu(float *y, const float *x, const float *slope, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] < 0.0f ? slope[i] * x[i] : x[i];
}
