#if defined(__aarch64__)
#include "ps_dis.h"
#define TABLE ps_dis_neon
#define TABLE_NAME "neon"
#include "dis.inc"
#endif
