// Eight lanes of 16 bits, four of 32.
#include <arm_neon.h>


typedef int16x8_t vec16;
typedef int32x4_t vec32;
#define LANES 8
#define INLINE static inline __attribute__((always_inline))
#define V_LOAD_U8(p) vreinterpretq_s16_u16(vmovl_u8(vld1_u8(p)))
#define V_LOAD(p) vld1q_s16(p)
#define V_STORE(p, v) vst1q_s16(p, v)
#define V_SET1(x) vdupq_n_s16((int16_t)(x))
#define V_ADD(x, y) vaddq_s16(x, y)
#define V_SUB(x, y) vsubq_s16(x, y)
#define V_MUL(x, y) vmulq_s16(x, y)
#define V_MIN(x, y) vminq_s16(x, y)
#define V_MAX(x, y) vmaxq_s16(x, y)
// Lanes of x and y alternate. V_PACK puts results of LOW and HIGH back into the order of x.
#define V_PAIRS_LOW(x, y) vzip1q_s16(x, y)
#define V_PAIRS_HIGH(x, y) vzip2q_s16(x, y)
#define V_PAIR_PRODUCTS(x, y) vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y))   // x0 y0 + x1 y1, …
#define V_PACK(low, high) vqmovn_high_s32(vqmovn_s32(low), high)
#define W_SET1(x) vdupq_n_s32(x)
// A pair of weights in all pairs of lanes.
#define W_PAIR(low, high) vreinterpretq_s16_u32(vdupq_n_u32((uint32_t)(uint16_t)(low) | (uint32_t)(uint16_t)(high) << 16))
#define W_ADD(x, y) vaddq_s32(x, y)
#define W_SHIFT(x, n) vshrq_n_s32(x, n)
#define W_SUM(x) ((int64_t)vaddlvq_s32(x))
// Values 0 to 255 of all lanes as bytes.
INLINE void w_store_bytes(uint8_t *p, vec32 x) {
    uint16x4_t words = vqmovun_s32(x);
    uint32_t bytes = vget_lane_u32(vreinterpret_u32_u8(vqmovn_u16(vcombine_u16(words, words))), 0);
    __builtin_memcpy(p, &bytes, 4);
}
#define W_STORE_BYTES(p, x) w_store_bytes(p, x)
