#if defined(__x86_64__)
#include "ps_blocked.h"
#include "ps_elementwise.h"
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,avx2"))), apply_to = function)
#include "vector_avx512.h"
#include "activation.inc"
#include "tile.inc"
#include "direct.inc"
#include "winograd.inc"
#include "depthwise.inc"
#include "stem.inc"
#include "maps.inc"
#define TABLE ps_blocked_avx512
#define TABLE_NAME "avx512"
#include "table.inc"
#pragma clang attribute pop
#endif
