#if defined(__x86_64__)
#include "ps_dis.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,avx2"))), apply_to = function)
#define TABLE ps_dis_avx512
#define TABLE_NAME "avx512"
#include "dis.inc"
#pragma clang attribute pop
#endif
