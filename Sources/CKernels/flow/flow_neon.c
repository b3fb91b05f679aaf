#if defined(__aarch64__)
#include "ps_flow.h"
#include "vector_neon.h"
#include "halve.inc"
#include "lucas_kanade.inc"
#define TABLE ps_flow_neon
#define TABLE_NAME "neon"
#include "table.inc"
#endif
