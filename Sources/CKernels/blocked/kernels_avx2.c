#if defined(__x86_64__)
#include "ps_blocked.h"
#include "ps_elementwise.h"
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector_avx2.h"
#include "activation.inc"
#include "tile.inc"
#include "direct.inc"
#include "winograd.inc"
#include "depthwise.inc"
#include "stem.inc"
#include "maps.inc"
#define TABLE ps_blocked_avx2
#define TABLE_NAME "avx2"
#include "table.inc"
#pragma clang attribute pop
#endif
