// Sixteen lanes: one vector is a whole block of channels.
#include <immintrin.h>

typedef __m512 vec;
#define LANES 16
#define V_LOAD(p) _mm512_loadu_ps(p)
#define V_STORE(p, v) _mm512_storeu_ps(p, v)
#define V_SET1(x) _mm512_set1_ps(x)
#define V_ADD(a, b) _mm512_add_ps(a, b)
#define V_SUB(a, b) _mm512_sub_ps(a, b)
#define V_MUL(a, b) _mm512_mul_ps(a, b)
#define V_DIV(a, b) _mm512_div_ps(a, b)
#define V_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)     // a b + c
#define V_FNMA(a, b, c) _mm512_fnmadd_ps(a, b, c)   // c - a b
#define V_MAX(a, b) _mm512_max_ps(a, b)
#define V_MIN(a, b) _mm512_min_ps(a, b)
// x < 0 ? a : b
#define V_SELECT_NEGATIVE(x, a, b) _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), b, a)
#define V_ROUND(a) _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
// a 2^n for whole n
#define V_SCALE2(a, n) _mm512_scalef_ps(a, n)

// Register tile: 2 x 14 accumulators, 2 weights, the broadcast is a memory operand: 30 of 32 registers.
#define PANEL_BLOCKS 2
#define TILE_PIXELS 14
