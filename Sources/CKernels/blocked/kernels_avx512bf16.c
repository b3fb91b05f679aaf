#if defined(__x86_64__)
#include "ps_blocked.h"
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma,avx2"))), apply_to = function)
#include "vector_avx512.h"
#include "activation.inc"

// Products of bf16 pairs, summed in f32: the processor's dot product.
#define PAIRED 1
#define V_MAC(x, w, sum) _mm512_dpbf16_ps(sum, (__m512bh)(w), (__m512bh)(x))
// Lanes beyond the last channel become 0: the partner of an odd last channel is multiplied, by a weight of 0, and must not be NaN.
#define V_STORE_WORDS(p, v, channels) _mm256_storeu_si256((__m256i *)(p), (__m256i)_mm512_maskz_cvtneps_pbh((__mmask16)live_lanes(channels), v))
static inline unsigned live_lanes(int channels) { return channels >= PS_BLOCK ? 0xFFFF : (1u << channels) - 1; }

// To nearest, ties to even, as the instruction rounds.
static uint16_t bf16_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#include "tile.inc"
#include "direct.inc"
#include "winograd.inc"

// A map as pairs of channels, halo included.
static void narrow(const ps_map *in, const ps_map *out, const float *from, float *to, int32_t first, int32_t last) {
    const int32_t blocks = ps_map_blocks(in);
    const ptrdiff_t in_row = ps_map_row(in), out_row = ps_map_row(out) / 2, edge = (ptrdiff_t)out->halo * 8;
    for (int32_t item = first; item < last; item++) {
        const float *p = from + item / blocks * in->image + item % blocks * ps_map_plane(in) + ps_map_origin(in);
        const int channels = in->channels - item % blocks * PS_BLOCK;
        float *q = to + (item / blocks * out->image + item % blocks * ps_map_plane(out)) / 2;
        memset(q, 0, (size_t)(out->halo * out_row) * sizeof(float));
        q += out->halo * out_row;
        for (int32_t y = 0; y < in->height; y++, p += in_row, q += out_row) {
            memset(q, 0, (size_t)edge * sizeof(float));
            for (ptrdiff_t x = 0; x < in->width; x++) V_STORE_WORDS(q + edge + x * 8, V_LOAD(p + x * PS_BLOCK), channels);
            memset(q + out_row - edge, 0, (size_t)edge * sizeof(float));
        }
        memset(q, 0, (size_t)(out->halo * out_row) * sizeof(float));
    }
}

static size_t packed_bytes(const ps_conv *c) {
    const size_t words = c->algorithm == PS_CONV_DIRECT ? direct_floats(c, c->transposed ? 16 : c->kernel_h * c->kernel_w) : winograd_floats(c);
    return words * sizeof(float);
}

static void pack(const ps_conv *c, const float *weights, float *packed) {
    if (c->algorithm == PS_CONV_DIRECT) pack_direct(c, weights, packed);
    else pack_winograd(c, weights, packed);
}

static int32_t prepare(ps_conv *c, int32_t threads) {
    if (c->algorithm == PS_CONV_DIRECT) {
        c->row_chunks = direct_chunks(c, threads);
        return direct_items(c);
    }
    winograd_prepare(c, threads);
    return winograd_items(c);
}

static size_t scratch_bytes(const ps_conv *c) { return c->algorithm == PS_CONV_DIRECT ? 0 : winograd_scratch(c); }

static void convolve(
    const ps_conv *c, const float *in, const float *packed, const float *bias, const float *residual, float *out, int32_t first, int32_t last,
    void *scratch) {
    if (c->algorithm == PS_CONV_DIRECT) direct_run(c, in, packed, bias, residual, out, first, last);
    else winograd_run(c, in, packed, bias, residual, out, first, last, scratch);
}

const ps_paired_kernels ps_paired_avx512 = {
    .narrow = narrow, .packed_bytes = packed_bytes, .pack = pack, .prepare = prepare, .scratch_bytes = scratch_bytes, .convolve = convolve,
};
#pragma clang attribute pop
#endif
