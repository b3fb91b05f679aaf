// Four lanes: four vectors are a block of channels.
#include <arm_neon.h>

typedef float32x4_t vec;
#define LANES 4
#define V_LOAD(p) vld1q_f32(p)
#define V_STORE(p, v) vst1q_f32(p, v)
#define V_SET1(x) vdupq_n_f32(x)
#define V_ADD(a, b) vaddq_f32(a, b)
#define V_SUB(a, b) vsubq_f32(a, b)
#define V_MUL(a, b) vmulq_f32(a, b)
#define V_DIV(a, b) vdivq_f32(a, b)
#define V_FMA(a, b, c) vfmaq_f32(c, a, b)
#define V_FNMA(a, b, c) vfmsq_f32(c, a, b)
#define V_MAX(a, b) vmaxq_f32(a, b)
#define V_MIN(a, b) vminq_f32(a, b)
#define V_SELECT_NEGATIVE(x, a, b) vbslq_f32(vcltzq_f32(x), a, b)
#define V_ROUND(a) vrndnq_f32(a)
static inline __attribute__((always_inline)) vec v_scale2(vec a, vec n) {
    int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1), rest = vsubq_s32(whole, half), one = vdupq_n_s32(127);
    vec first = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, one), 23));
    vec second = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(rest, one), 23));
    return vmulq_f32(vmulq_f32(a, first), second);
}
#define V_SCALE2(a, n) v_scale2(a, n)

// Register tile: 4 x 6 accumulators, 4 weights, 1 broadcast: 29 of 32 registers.
#define PANEL_BLOCKS 1
#define TILE_PIXELS 6
