#include "ps_engine.h"
#include "vector.h"

PS_VECTORISED static void combine_rows(
    float *restrict out, const float *in, size_t inner, size_t taps, const int32_t *indices, const float *weights
) {
    const float *first = in + (size_t)indices[0] * inner;
    if (taps == 2) {
        const float *second = in + (size_t)indices[1] * inner;
        const float a = weights[0], b = weights[1];
        for (size_t k = 0; k < inner; k++) out[k] = a * first[k] + b * second[k];
        return;
    }
    for (size_t k = 0; k < inner; k++) out[k] = weights[0] * first[k];
    for (size_t t = 1; t < taps; t++) {
        const float *row = in + (size_t)indices[t] * inner;
        const float weight = weights[t];
        for (size_t k = 0; k < inner; k++) out[k] += weight * row[k];
    }
}

PS_VECTORISED static void combine_columns(
    float *restrict out, const float *restrict in, size_t out_length, size_t taps, const int32_t *indices, const float *weights
) {
    if (taps == 2) {
        for (size_t i = 0; i < out_length; i++)
            out[i] = weights[2 * i] * in[indices[2 * i]] + weights[2 * i + 1] * in[indices[2 * i + 1]];
        return;
    }
    for (size_t i = 0; i < out_length; i++) {
        float sum = 0.0f;
        for (size_t t = 0; t < taps; t++) sum += weights[i * taps + t] * in[indices[i * taps + t]];
        out[i] = sum;
    }
}

void ps_resample(
    float *out, const float *in, size_t outer, size_t in_length, size_t out_length, size_t inner, size_t taps,
    const int32_t *indices, const float *weights
) {
    for (size_t o = 0; o < outer; o++, in += in_length * inner) {
        if (inner == 1) {
            combine_columns(out, in, out_length, taps, indices, weights);
            out += out_length;
        } else {
            for (size_t i = 0; i < out_length; i++, out += inner)
                combine_rows(out, in, inner, taps, indices + i * taps, weights + i * taps);
        }
    }
}

#define GATHER(type)                                                                        \
    for (size_t x = 0; x < out_w; x++) ((type *)target)[x] = ((const type *)source)[columns[x]]; \
    break

void ps_resize_nearest(
    void *out, const void *in, size_t element, size_t planes, size_t in_h, size_t in_w, size_t out_h, size_t out_w,
    const int32_t *rows, const int32_t *columns
) {
    char *target = out;
    const char *plane = in;
    for (size_t p = 0; p < planes; p++, plane += in_h * in_w * element) {
        for (size_t y = 0; y < out_h; y++, target += out_w * element) {
            if (y > 0 && rows[y] == rows[y - 1]) {
                memcpy(target, target - out_w * element, out_w * element);
                continue;
            }
            const char *source = plane + (size_t)rows[y] * in_w * element;
            switch (element) {
                case 1: GATHER(uint8_t);
                case 2: GATHER(uint16_t);
                case 4: GATHER(uint32_t);
                case 8: GATHER(uint64_t);
                default:
                    for (size_t x = 0; x < out_w; x++)
                        memcpy(target + x * element, source + (size_t)columns[x] * element, element);
            }
        }
    }
}
