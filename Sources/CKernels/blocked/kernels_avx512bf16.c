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
#include "depthwise.inc"

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

static void clear_halo(const ps_map *m, float *words, int32_t first, int32_t last) {
    const int32_t blocks = ps_map_blocks(m);
    const ptrdiff_t row = ps_map_row(m) / 2, edge = (ptrdiff_t)m->halo * IN_WORDS;
    for (int32_t item = first; item < last; item++) {
        float *p = words + (item / blocks * m->image + item % blocks * ps_map_plane(m)) / 2;
        memset(p, 0, (size_t)(m->halo * row) * sizeof(float));
        p += m->halo * row;
        for (int32_t y = 0; y < m->height; y++, p += row) {
            memset(p, 0, (size_t)edge * sizeof(float));
            memset(p + row - edge, 0, (size_t)edge * sizeof(float));
        }
        memset(p, 0, (size_t)(m->halo * row) * sizeof(float));
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
    const ps_conv *c, const float *in, const float *packed, const float *bias, const float *residual, float *out, float *words, int32_t first,
    int32_t last, void *scratch) {
    const result_maps to = {.out = out ? out : words, .words = words, .skips_floats = !out};
    if (c->algorithm == PS_CONV_DIRECT) direct_run(c, in, packed, bias, residual, &to, first, last);
    else winograd_run(c, in, packed, bias, residual, &to, first, last, scratch);
}

// A row of the result in f32, and behind it the plane that is being read.
static size_t depthwise_scratch(const ps_conv *c) {
    return ((size_t)ps_map_row(&c->out) + (c->reads_words ? (size_t)ps_map_plane(&c->in) : 0)) * sizeof(float);
}

static void depthwise(
    const ps_conv *c, const float *in, const float *packed, const float *bias, float *out, float *words, int32_t first, int32_t last, void *scratch) {
    const int blocks = ps_map_blocks(&c->in), taps = c->kernel_h * c->kernel_w;
    const ptrdiff_t in_plane = ps_map_plane(&c->in), out_row = ps_map_row(&c->out);
    const ptrdiff_t corner = ps_map_origin(&c->in) - (ptrdiff_t)c->pad_top * ps_map_row(&c->in) - (ptrdiff_t)c->pad_left * PS_BLOCK;
    float *line = scratch, *wide = line + out_row;
    tile_job bounds;
    set_activation(&bounds, &c->activation);
    for (int item = first; item < last; item++) {
        const int picture = item / blocks, block = item % blocks, channels = c->out.channels - block * PS_BLOCK;
        const ptrdiff_t from = picture * c->in.image + block * in_plane, place = block * ps_map_plane(&c->out) + ps_map_origin(&c->out);
        const float *plane = in + from;
        if (c->reads_words) {
            plane = wide;
            for (ptrdiff_t i = 0; i < in_plane; i += PS_BLOCK) {
                const __m256i narrow_pixel = _mm256_loadu_si256((const __m256i *)(in + (from + i) / 2));
                _mm512_storeu_si512(wide + i, _mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow_pixel), 16));
            }
        }
        for (int y = 0; y < c->out.height; y++) {
            float *to = out ? out + picture * c->out.image + place + y * out_row : line;
            depthwise_row(c, &bounds, plane + corner, packed + (size_t)block * taps * PS_BLOCK, bias + block * PS_BLOCK, y, to);
            if (!words) continue;
            float *q = words + (picture * c->words_image + place + y * out_row) / 2;
            for (ptrdiff_t x = 0; x < c->out.width; x++) V_STORE_WORDS(q + x * IN_WORDS, V_LOAD(to + x * PS_BLOCK), channels);
        }
    }
}

const ps_paired_kernels ps_paired_avx512 = {
    .narrow = narrow, .clear_halo = clear_halo, .packed_bytes = packed_bytes, .pack = pack, .prepare = prepare, .scratch_bytes = scratch_bytes,
    .convolve = convolve, .depthwise_scratch = depthwise_scratch, .depthwise = depthwise,
};
#pragma clang attribute pop
#endif
