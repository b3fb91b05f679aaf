// One lane: the plain twin. Slow, and what the others are tested against.
#include <math.h>

typedef float vec;
#define LANES 1
#define V_LOAD(p) (*(p))
#define V_STORE(p, v) (*(p) = (v))
#define V_SET1(x) (x)
#define V_ADD(a, b) ((a) + (b))
#define V_SUB(a, b) ((a) - (b))
#define V_MUL(a, b) ((a) * (b))
#define V_DIV(a, b) ((a) / (b))
#define V_FMA(a, b, c) ((a) * (b) + (c))
#define V_FNMA(a, b, c) ((c) - (a) * (b))
#define V_MAX(a, b) ((a) > (b) ? (a) : (b))
#define V_MIN(a, b) ((a) < (b) ? (a) : (b))
#define V_SELECT_NEGATIVE(x, a, b) ((x) < 0 ? (a) : (b))
#define V_ROUND(a) nearbyintf(a)
#define V_SCALE2(a, n) ldexpf(a, (int)(n))

#define PANEL_BLOCKS 1
#define TILE_PIXELS 2
