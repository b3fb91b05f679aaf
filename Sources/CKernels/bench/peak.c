#include "ps_peak.h"

// Twelve accumulators hide the latency of a multiply-add (four cycles, two a cycle) and fit into the registers.
#define CHAINS 12
#define EACH(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11)

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static int64_t run_avx512(int64_t rounds, float *sink) {
    const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
#define DECLARE(i) __m512 x##i = _mm512_set1_ps((float)i);
#define STEP(i) x##i = _mm512_fmadd_ps(x##i, a, b);
#define SUM(i) s = _mm512_add_ps(s, x##i);
    EACH(DECLARE)
    for (int64_t r = 0; r < rounds; r++) { EACH(STEP) }
    __m512 s = _mm512_setzero_ps();
    EACH(SUM)
    *sink = _mm512_reduce_add_ps(s);
#undef DECLARE
#undef STEP
#undef SUM
    return rounds * CHAINS * 16 * 2;
}

__attribute__((target("avx2,fma"))) static int64_t run_avx2(int64_t rounds, float *sink) {
    const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
#define DECLARE(i) __m256 x##i = _mm256_set1_ps((float)i);
#define STEP(i) x##i = _mm256_fmadd_ps(x##i, a, b);
#define SUM(i) s = _mm256_add_ps(s, x##i);
    EACH(DECLARE)
    for (int64_t r = 0; r < rounds; r++) { EACH(STEP) }
    __m256 s = _mm256_setzero_ps();
    EACH(SUM)
    float parts[8];
    _mm256_storeu_ps(parts, s);
    *sink = parts[0] + parts[1] + parts[2] + parts[3] + parts[4] + parts[5] + parts[6] + parts[7];
#undef DECLARE
#undef STEP
#undef SUM
    return rounds * CHAINS * 8 * 2;
}
#endif

#if defined(__aarch64__)
#include <arm_neon.h>

static int64_t run_neon(int64_t rounds, float *sink) {
    const float32x4_t a = vdupq_n_f32(0.999f), b = vdupq_n_f32(0.001f);
#define DECLARE(i) float32x4_t x##i = vdupq_n_f32((float)i);
#define STEP(i) x##i = vfmaq_f32(b, x##i, a);
#define SUM(i) s = vaddq_f32(s, x##i);
    EACH(DECLARE)
    for (int64_t r = 0; r < rounds; r++) { EACH(STEP) }
    float32x4_t s = vdupq_n_f32(0);
    EACH(SUM)
    *sink = vaddvq_f32(s);
#undef DECLARE
#undef STEP
#undef SUM
    return rounds * CHAINS * 4 * 2;
}
#endif

static int64_t run_plain(int64_t rounds, float *sink) {
#define DECLARE(i) float x##i = (float)i;
#define STEP(i) x##i = x##i * 0.999f + 0.001f;
#define SUM(i) s += x##i;
    EACH(DECLARE)
    for (int64_t r = 0; r < rounds; r++) { EACH(STEP) }
    float s = 0;
    EACH(SUM)
    *sink = s;
    return rounds * CHAINS * 2;
}

int64_t ps_peak_run(int64_t rounds, float *sink) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return run_avx512(rounds, sink);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return run_avx2(rounds, sink);
#elif defined(__aarch64__)
    return run_neon(rounds, sink);
#endif
    return run_plain(rounds, sink);
}
