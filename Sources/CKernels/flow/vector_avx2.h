// Sixteen lanes of 16 bits, eight of 32.
#include <immintrin.h>

typedef __m256i vec16;
typedef __m256i vec32;
#define LANES 16
#define INLINE static inline __attribute__((always_inline))
#define V_LOAD_U8(p) _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(p)))
#define V_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define V_STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define V_SET1(x) _mm256_set1_epi16((int16_t)(x))
#define V_ADD(x, y) _mm256_add_epi16(x, y)
#define V_SUB(x, y) _mm256_sub_epi16(x, y)
#define V_MUL(x, y) _mm256_mullo_epi16(x, y)
#define V_MIN(x, y) _mm256_min_epi16(x, y)
#define V_MAX(x, y) _mm256_max_epi16(x, y)
// Lanes of x and y alternate. V_PACK puts results of LOW and HIGH back into the order of x.
#define V_PAIRS_LOW(x, y) _mm256_unpacklo_epi16(x, y)
#define V_PAIRS_HIGH(x, y) _mm256_unpackhi_epi16(x, y)
#define V_PAIR_PRODUCTS(x, y) _mm256_madd_epi16(x, y)   // x0 y0 + x1 y1, …
#define V_PACK(low, high) _mm256_packs_epi32(low, high)
#define W_SET1(x) _mm256_set1_epi32(x)
// A pair of weights in all pairs of lanes.
#define W_PAIR(low, high) _mm256_set1_epi32((int32_t)((uint32_t)(uint16_t)(low) | (uint32_t)(uint16_t)(high) << 16))
#define W_ADD(x, y) _mm256_add_epi32(x, y)
#define W_SHIFT(x, n) _mm256_srai_epi32(x, n)
INLINE int64_t w_sum(vec32 x) {
    __m256i wide = _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(x)), _mm256_cvtepi32_epi64(_mm256_extracti128_si256(x, 1)));
    __m128i half = _mm_add_epi64(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    return _mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1);
}
#define W_SUM(x) w_sum(x)
// Values 0 to 255 of all lanes as bytes.
INLINE void w_store_bytes(uint8_t *p, vec32 x) {
    __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    _mm_storel_epi64((__m128i *)p, _mm_packus_epi16(words, words));
}
#define W_STORE_BYTES(p, x) w_store_bytes(p, x)
