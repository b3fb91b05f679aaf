// Two lanes of 16 bits are one of 32: the plain twin. Slow, and what the others are tested against.

typedef struct { int16_t a, b; } vec16;
typedef int32_t vec32;
#define LANES 2
#define INLINE static inline __attribute__((always_inline))
INLINE int16_t saturate(int32_t x) { return (int16_t)(x > 32767 ? 32767 : x < -32768 ? -32768 : x); }
INLINE vec16 v_set(int32_t a, int32_t b) { return (vec16){(int16_t)a, (int16_t)b}; }
#define V_LOAD_U8(p) v_set((p)[0], (p)[1])
#define V_LOAD(p) v_set((p)[0], (p)[1])
INLINE void v_store(int16_t *p, vec16 v) { p[0] = v.a, p[1] = v.b; }
#define V_STORE(p, v) v_store(p, v)
#define V_SET1(x) v_set(x, x)
INLINE vec16 v_add(vec16 x, vec16 y) { return v_set(x.a + y.a, x.b + y.b); }
INLINE vec16 v_sub(vec16 x, vec16 y) { return v_set(x.a - y.a, x.b - y.b); }
INLINE vec16 v_mul(vec16 x, vec16 y) { return v_set(x.a * y.a, x.b * y.b); }
INLINE vec16 v_min(vec16 x, vec16 y) { return v_set(x.a < y.a ? x.a : y.a, x.b < y.b ? x.b : y.b); }
INLINE vec16 v_max(vec16 x, vec16 y) { return v_set(x.a > y.a ? x.a : y.a, x.b > y.b ? x.b : y.b); }
#define V_ADD(x, y) v_add(x, y)
#define V_SUB(x, y) v_sub(x, y)
#define V_MUL(x, y) v_mul(x, y)
#define V_MIN(x, y) v_min(x, y)
#define V_MAX(x, y) v_max(x, y)
#define V_PAIRS_LOW(x, y) v_set((x).a, (y).a)
#define V_PAIRS_HIGH(x, y) v_set((x).b, (y).b)
#define V_PAIR_PRODUCTS(x, y) ((x).a * (y).a + (x).b * (y).b)
#define V_PACK(low, high) v_set(saturate(low), saturate(high))
#define W_SET1(x) (x)
#define W_PAIR(low, high) v_set(low, high)
#define W_ADD(x, y) ((x) + (y))
#define W_SHIFT(x, n) ((x) >> (n))
#define W_SUM(x) ((int64_t)(x))
#define W_STORE_BYTES(p, x) (*(p) = (uint8_t)(x))
