// Thirty-two lanes of 16 bits, sixteen of 32: a row of the largest window is one vector.
#include <immintrin.h>

typedef __m512i vec16;
typedef __m512i vec32;
#define LANES 32
#define INLINE static inline __attribute__((always_inline))
#define V_LOAD_U8(p) _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(p)))
#define V_LOAD(p) _mm512_loadu_si512(p)
#define V_STORE(p, v) _mm512_storeu_si512(p, v)
#define V_SET1(x) _mm512_set1_epi16((int16_t)(x))
#define V_ADD(x, y) _mm512_add_epi16(x, y)
#define V_SUB(x, y) _mm512_sub_epi16(x, y)
#define V_MUL(x, y) _mm512_mullo_epi16(x, y)
#define V_MIN(x, y) _mm512_min_epi16(x, y)
#define V_MAX(x, y) _mm512_max_epi16(x, y)
// Lanes of x and y alternate. V_PACK puts results of LOW and HIGH back into the order of x.
#define V_PAIRS_LOW(x, y) _mm512_unpacklo_epi16(x, y)
#define V_PAIRS_HIGH(x, y) _mm512_unpackhi_epi16(x, y)
#define V_PAIR_PRODUCTS(x, y) _mm512_madd_epi16(x, y)   // x0 y0 + x1 y1, …
#define V_PACK(low, high) _mm512_packs_epi32(low, high)
#define W_SET1(x) _mm512_set1_epi32(x)
// A pair of weights in all pairs of lanes.
#define W_PAIR(low, high) _mm512_set1_epi32((int32_t)((uint32_t)(uint16_t)(low) | (uint32_t)(uint16_t)(high) << 16))
#define W_ADD(x, y) _mm512_add_epi32(x, y)
#define W_SHIFT(x, n) _mm512_srai_epi32(x, n)
INLINE int64_t w_sum(vec32 x) {
    return _mm512_reduce_add_epi64(_mm512_add_epi64(
        _mm512_cvtepi32_epi64(_mm512_castsi512_si256(x)), _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(x, 1))));
}
#define W_SUM(x) w_sum(x)
// Values 0 to 255 of all lanes as bytes.
#define W_STORE_BYTES(p, x) _mm_storeu_si128((__m128i *)(p), _mm512_cvtepi32_epi8(x))
