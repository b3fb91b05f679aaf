#include "ps_elementwise.h"
#include <string.h>

#define ROW(TYPE)                                                             \
    do {                                                                      \
        TYPE *to = (TYPE *)out;                                               \
        const TYPE *from = (const TYPE *)base;                                \
        for (ptrdiff_t i = 0; i < n; i++) to[i] = from[i * step];             \
    } while (0)

static void copy_row(char *out, const char *base, size_t element, ptrdiff_t n, ptrdiff_t step) {
    if (step == 1) {
        memcpy(out, base, (size_t)n * element);
        return;
    }
    switch (element) {
    case 1: ROW(uint8_t); break;
    case 2: ROW(uint16_t); break;
    case 4: ROW(uint32_t); break;
    default: ROW(uint64_t); break;
    }
}

// Drops dimensions of one and joins neighbours that are walked as one, so that a channel shuffle becomes a few long rows.
static size_t join(size_t rank, const ptrdiff_t *sizes, const ptrdiff_t *steps, ptrdiff_t *size, ptrdiff_t *step) {
    size_t count = 0;
    for (size_t d = 0; d < rank; d++) {
        if (sizes[d] == 1) continue;
        if (count > 0 && step[count - 1] == steps[d] * sizes[d]) {
            size[count - 1] *= sizes[d];
            step[count - 1] = steps[d];
        } else {
            size[count] = sizes[d];
            step[count] = steps[d];
            count++;
        }
    }
    return count;
}

void ps_copy_strided(void *out, const void *base, size_t element, size_t rank, const ptrdiff_t *sizes, const ptrdiff_t *steps) {
    ptrdiff_t size[PS_COPY_RANK], step[PS_COPY_RANK], at[PS_COPY_RANK] = {0};
    for (size_t d = 0; d < rank; d++) {
        if (sizes[d] <= 0) return;
    }
    const size_t count = join(rank, sizes, steps, size, step);
    char *to = (char *)out;
    const char *from = (const char *)base;
    if (count == 0) {
        memcpy(to, from, element);
        return;
    }
    const ptrdiff_t n = size[count - 1], last = step[count - 1], bytes = (ptrdiff_t)element;
    for (;;) {
        copy_row(to, from, element, n, last);
        to += n * bytes;
        size_t d = count - 1;
        for (;;) {
            if (d == 0) return;
            d--;
            from += step[d] * bytes;
            if (++at[d] < size[d]) break;
            from -= step[d] * bytes * size[d];
            at[d] = 0;
        }
    }
}
