#if defined(__x86_64__)
#include "ps_flow.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector_avx2.h"
#include "halve.inc"
#include "lucas_kanade.inc"
#define TABLE ps_flow_avx2
#define TABLE_NAME "avx2"
#include "table.inc"
#pragma clang attribute pop
#endif
