#ifndef PS_VECTOR_H
#define PS_VECTOR_H
#include <math.h>
#include <stdint.h>
#include <string.h>

// Loops marked PS_VECTORISED are compiled for several instruction sets; the loader takes the best that the CPU has.
// Sums are contracted to fused multiply-adds where there are such, so results may differ in the last bit between CPUs.
// Not under the thread sanitizer: the loader asks which to take before the sanitizer is ready for a call.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PS_VECTORISED
#endif
#endif
#if defined(PS_VECTORISED)
#elif defined(__x86_64__) && defined(__linux__)
#define PS_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PS_VECTORISED
#endif

#define PS_INLINE static inline __attribute__((always_inline))

// Elementary functions without branches, so that a loop over them becomes vector code. Within 2 units in the last place.

// 2^n for -127 < n < 128; anything for other n, which only a NaN leads to.
PS_INLINE float ps_power_of_two(int32_t n) {
    const uint32_t bits = ((uint32_t)n + 127u) << 23;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

// r in [-ln 2 / 2, ln 2 / 2] and n so that x = n ln 2 + r. Adding 1.5 * 2^23 rounds to the nearest integer.
PS_INLINE float ps_reduce(float x, int32_t *n) {
    const float shifted = x * 1.44269504089f + 12582912.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, 4);
    *n = (int32_t)(bits - 0x4B400000u);
    const float k = shifted - 12582912.0f;
    return (x - k * 0.693359375f) + k * 2.12194440e-4f;
}

// (e^r - 1 - r) for small r (minimax polynomial of Cephes).
PS_INLINE float ps_exp_tail(float r) {
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p * r * r;
}

// e^x; 0 below -87.3 (no denormals), infinity above 88.7.
PS_INLINE float ps_exp(float x) {
    const float low = -87.33654f, high = 88.72283f;
    float c = x < low ? low : x;
    c = c > high ? high : c;
    int32_t n;
    const float r = ps_reduce(c, &n);
    // 2^n in two factors, since n may be 128.
    const int32_t half = n >> 1;
    const float y = (1.0f + (r + ps_exp_tail(r))) * ps_power_of_two(half) * ps_power_of_two(n - half);
    return x > high ? INFINITY : (x < low ? 0.0f : y);
}

// e^x - 1, exact near 0 too; for x <= 0 only.
PS_INLINE float ps_expm1_negative(float x) {
    const float c = x < -30.0f ? -30.0f : x;
    int32_t n;
    const float r = ps_reduce(c, &n);
    const float scale = ps_power_of_two(n);
    return (scale - 1.0f) + scale * (r + ps_exp_tail(r));
}

PS_INLINE float ps_sigmoid(float x) { return 1.0f / (1.0f + ps_exp(-x)); }

PS_INLINE float ps_tanh(float x) {
    const float magnitude = fabsf(x);
    // tanh|x| = -m / (2 + m) with m = e^(-2|x|) - 1
    const float m = ps_expm1_negative(-2.0f * magnitude);
    return copysignf(-m / (2.0f + m), x);
}

#endif
