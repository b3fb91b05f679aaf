#if defined(__x86_64__)
#include "ps_dis.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define TABLE ps_dis_avx2
#define TABLE_NAME "avx2"
#include "dis.inc"
#pragma clang attribute pop
#endif
