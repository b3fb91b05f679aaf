#include "ps_engine.h"
#include "vector.h"

PS_VECTORISED static void exp_minus(float *restrict out, const float *restrict in, size_t n, float offset) {
    for (size_t i = 0; i < n; i++) out[i] = ps_exp(in[i] - offset);
}

static void softmax_row(float *out, const float *in, size_t n, int logarithm) {
    float largest = in[0];
    for (size_t i = 1; i < n; i++) largest = in[i] > largest ? in[i] : largest;
    exp_minus(out, in, n, largest);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += out[i];
    if (logarithm) {
        const float offset = largest + (float)log(sum);
        for (size_t i = 0; i < n; i++) out[i] = in[i] - offset;
    } else {
        const float factor = (float)(1.0 / sum);
        for (size_t i = 0; i < n; i++) out[i] *= factor;
    }
}

void ps_softmax(float *out, const float *in, size_t outer, size_t n, size_t inner, int logarithm) {
    if (n == 0) return;
    for (size_t o = 0; o < outer; o++, out += n * inner, in += n * inner) {
        if (inner == 1) {
            softmax_row(out, in, n, logarithm);
            continue;
        }
        for (size_t k = 0; k < inner; k++) {
            float largest = in[k];
            for (size_t i = 1; i < n; i++) largest = in[i * inner + k] > largest ? in[i * inner + k] : largest;
            double sum = 0;
            for (size_t i = 0; i < n; i++) {
                const float e = ps_exp(in[i * inner + k] - largest);
                out[i * inner + k] = e;
                sum += e;
            }
            const float factor = (float)(1.0 / sum), offset = largest + (float)log(sum);
            for (size_t i = 0; i < n; i++)
                out[i * inner + k] = logarithm ? in[i * inner + k] - offset : out[i * inner + k] * factor;
        }
    }
}
