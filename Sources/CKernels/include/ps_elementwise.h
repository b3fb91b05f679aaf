#ifndef PS_ELEMENTWISE_H
#define PS_ELEMENTWISE_H
#include <stddef.h>
#include <stdint.h>

// Arithmetic of two rows of floats. A step is 1 (a row) or 0 (one value for the whole row); `out` may equal an input with step 1.
// Minimum and maximum pass a NaN on from either side.
typedef enum { PS_ADD, PS_SUB, PS_MUL, PS_DIV, PS_MIN, PS_MAX } ps_arithmetic;

void ps_arithmetic_f32(ps_arithmetic op, float *out, const float *a, size_t a_step, const float *b, size_t b_step, size_t n);

// Copies a strided view into dense memory: out[i0, i1, ...] = base[i0 * steps[0] + i1 * steps[1] + ...].
// Steps are elements and may be 0 or negative. `element` is 1, 2, 4 or 8 bytes; `rank` at most PS_COPY_RANK.
// Nothing is read or written when a size is 0.
enum { PS_COPY_RANK = 32 };

void ps_copy_strided(void *out, const void *base, size_t element, size_t rank, const ptrdiff_t *sizes, const ptrdiff_t *steps);

#endif
