#include "ps_blocked.h"
#include <string.h>

// Which instruction sets this program holds and this processor has.

#if defined(__x86_64__)
extern const ps_blocked_kernels ps_blocked_avx512, ps_blocked_avx2;

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq");
}
#elif defined(__aarch64__)
extern const ps_blocked_kernels ps_blocked_neon;
#endif

const ps_blocked_kernels *ps_blocked_named(const char *name) {
#if defined(__x86_64__)
    if (!strcmp(name, "avx512")) return has_avx512() ? &ps_blocked_avx512 : NULL;
    if (!strcmp(name, "avx2")) return has_avx2() ? &ps_blocked_avx2 : NULL;
#elif defined(__aarch64__)
    if (!strcmp(name, "neon")) return &ps_blocked_neon;
#endif
    return strcmp(name, "plain") ? NULL : &ps_blocked_plain;
}

const ps_blocked_kernels *ps_blocked_best(void) {
    static const char *const order[] = {"avx512", "avx2", "neon", "plain"};
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
        const ps_blocked_kernels *kernels = ps_blocked_named(order[i]);
        if (kernels) return kernels;
    }
    return &ps_blocked_plain;
}

#if defined(__x86_64__)
extern const ps_paired_kernels ps_paired_avx512;
#endif

const ps_paired_kernels *ps_paired_for(const ps_blocked_kernels *kernels) {
#if defined(__x86_64__)
    if (!strcmp(kernels->name, "avx512") && __builtin_cpu_supports("avx512bf16")) return &ps_paired_avx512;
#else
    (void)kernels;
#endif
    return NULL;
}
