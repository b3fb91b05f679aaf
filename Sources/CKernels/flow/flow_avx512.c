#if defined(__x86_64__)
#include "ps_flow.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,avx2"))), apply_to = function)
#include "vector_avx512.h"
#include "halve.inc"
#include "lucas_kanade.inc"
#define TABLE ps_flow_avx512
#define TABLE_NAME "avx512"
#include "table.inc"
#pragma clang attribute pop
#endif
