#include "ps_elementwise.h"
#include <string.h>

// Three loops an operation, since the compiler vectorises only what it can see to be a row or a constant.
#define ROWS(EXPRESSION)                                                                     \
    if (a_step && b_step) {                                                                  \
        for (size_t i = 0; i < n; i++) { const float x = a[i], y = b[i]; out[i] = EXPRESSION; } \
    } else if (a_step) {                                                                     \
        const float y = b[0];                                                                \
        for (size_t i = 0; i < n; i++) { const float x = a[i]; out[i] = EXPRESSION; }        \
    } else if (b_step) {                                                                     \
        const float x = a[0];                                                                \
        for (size_t i = 0; i < n; i++) { const float y = b[i]; out[i] = EXPRESSION; }        \
    } else {                                                                                 \
        const float x = a[0], y = b[0], value = EXPRESSION;                                  \
        for (size_t i = 0; i < n; i++) out[i] = value;                                       \
    }                                                                                        \
    break

void ps_arithmetic_f32(ps_arithmetic op, float *out, const float *a, size_t a_step, const float *b, size_t b_step, size_t n) {
    if (n == 0) return;
    switch (op) {
    case PS_ADD: ROWS(x + y);
    case PS_SUB: ROWS(x - y);
    case PS_MUL: ROWS(x * y);
    case PS_DIV: ROWS(x / y);
    case PS_MIN: ROWS((x < y || x != x) ? x : y);
    case PS_MAX: ROWS((x > y || x != x) ? x : y);
    }
}
