#include "ps_blocked.h"
#include "ps_flow.h"
#include <string.h>

#if defined(__x86_64__)
extern const ps_flow_kernels ps_flow_avx512, ps_flow_avx2;
#elif defined(__aarch64__)
extern const ps_flow_kernels ps_flow_neon;
#endif

const ps_flow_kernels *ps_flow_named(const char *name) {
    // The blocked kernels know what this processor has.
    if (!ps_blocked_named(name)) return NULL;
#if defined(__x86_64__)
    if (!strcmp(name, "avx512")) return &ps_flow_avx512;
    if (!strcmp(name, "avx2")) return &ps_flow_avx2;
#elif defined(__aarch64__)
    if (!strcmp(name, "neon")) return &ps_flow_neon;
#endif
    return strcmp(name, "plain") ? NULL : &ps_flow_plain;
}

const ps_flow_kernels *ps_flow_best(void) { return ps_flow_named(ps_blocked_best()->name); }
