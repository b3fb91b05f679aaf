#include "ps_blocked.h"
#include "ps_dis.h"
#include <string.h>

extern const ps_dis_kernels ps_dis_plain;
#if defined(__x86_64__)
extern const ps_dis_kernels ps_dis_avx512, ps_dis_avx2;
#elif defined(__aarch64__)
extern const ps_dis_kernels ps_dis_neon;
#endif

const ps_dis_kernels *ps_dis_named(const char *name) {
    // The blocked kernels know what this processor has.
    if (!ps_blocked_named(name)) return NULL;
#if defined(__x86_64__)
    if (!strcmp(name, "avx512")) return &ps_dis_avx512;
    if (!strcmp(name, "avx2")) return &ps_dis_avx2;
#elif defined(__aarch64__)
    if (!strcmp(name, "neon")) return &ps_dis_neon;
#endif
    return strcmp(name, "plain") ? NULL : &ps_dis_plain;
}

const ps_dis_kernels *ps_dis_best(void) { return ps_dis_named(ps_blocked_best()->name); }
