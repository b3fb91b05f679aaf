#include "ps_turn.h"
#include <string.h>

// A quarter turn reads columns and writes rows. Blocks keep both within a few cache lines.
enum { BLOCK = 16 };

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t bytes8 __attribute__((vector_size(8)));

// Eight lines of eight bytes, at `line[i]`, become eight rows of the destination: row j gets byte j of each line.
static void transpose_8x8(const bytes8 line[8], uint8_t *destination, ptrdiff_t destination_row) {
    bytes16 a[4], b[4], c[4];
    for (int i = 0; i < 4; i++)  // bytes of lines i and i + 4 alternate
        a[i] = __builtin_shufflevector(line[i], line[i + 4], 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    for (int i = 0; i < 2; i++) {  // then of lines i, i + 2, i + 4, i + 6
        b[i] = __builtin_shufflevector(a[i], a[i + 2], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        b[i + 2] = __builtin_shufflevector(a[i], a[i + 2], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    for (int i = 0; i < 2; i++) {  // then of all eight: two rows of the destination each
        c[2 * i] = __builtin_shufflevector(b[2 * i], b[2 * i + 1], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        c[2 * i + 1] = __builtin_shufflevector(b[2 * i], b[2 * i + 1], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    for (int i = 0; i < 4; i++) {
        memcpy(destination + 2 * i * destination_row, &c[i], 8);
        memcpy(destination + (2 * i + 1) * destination_row, (const uint8_t *)&c[i] + 8, 8);
    }
}

// One byte a sample, neighbours in a destination column are neighbours in memory (`row_step` is 1 or -1).
static void turn_bytes(
    const uint8_t *source, ptrdiff_t column_step, ptrdiff_t row_step, uint8_t *destination, ptrdiff_t destination_row,
    int32_t columns, int32_t rows) {
    for (int32_t j = 0; j < rows; j += 8)
        for (int32_t i = 0; i < columns; i += 8) {
            const uint8_t *from = source + i * column_step + j * row_step;
            uint8_t *to = destination + j * destination_row + i;
            if (columns - i >= 8 && rows - j >= 8) {
                bytes8 line[8];
                for (int k = 0; k < 8; k++) {
                    const uint8_t *first = from + k * column_step;
                    memcpy(&line[k], row_step > 0 ? first : first - 7, 8);
                    if (row_step < 0) line[k] = __builtin_shufflevector(line[k], line[k], 7, 6, 5, 4, 3, 2, 1, 0);
                }
                transpose_8x8(line, to, destination_row);
            } else {
                for (int32_t y = 0; y < 8 && y < rows - j; y++)
                    for (int32_t x = 0; x < 8 && x < columns - i; x++)
                        to[y * destination_row + x] = from[x * column_step + y * row_step];
            }
        }
}

// `size` is a constant at each call, so the copy is one or two moves.
static inline __attribute__((always_inline)) void turn_samples(
    const uint8_t *source, ptrdiff_t column_step, ptrdiff_t row_step, uint8_t *destination, ptrdiff_t destination_row,
    int32_t columns, int32_t rows, size_t size) {
    for (int32_t j = 0; j < rows; j += BLOCK)
        for (int32_t i = 0; i < columns; i += BLOCK) {
            int32_t end_j = rows - j < BLOCK ? rows : j + BLOCK, end_i = columns - i < BLOCK ? columns : i + BLOCK;
            for (int32_t y = j; y < end_j; y++) {
                const uint8_t *from = source + i * column_step + y * row_step;
                uint8_t *to = destination + y * destination_row + i * (ptrdiff_t)size;
                for (int32_t x = i; x < end_i; x++, from += column_step, to += size) memcpy(to, from, size);
            }
        }
}

void ps_turn_plane(
    const uint8_t *source, ptrdiff_t column_step, ptrdiff_t row_step, uint8_t *destination, ptrdiff_t destination_row,
    int32_t columns, int32_t rows, int32_t sample_bytes) {
    if (sample_bytes == 1 && (row_step == 1 || row_step == -1)) {
        turn_bytes(source, column_step, row_step, destination, destination_row, columns, rows);
        return;
    }
#define TURN(size) turn_samples(source, column_step, row_step, destination, destination_row, columns, rows, size)
    switch (sample_bytes) {
    case 1: TURN(1); break;
    case 2: TURN(2); break;
    case 3: TURN(3); break;
    case 4: TURN(4); break;
    case 6: TURN(6); break;
    case 8: TURN(8); break;
    default: TURN((size_t)sample_bytes); break;
    }
#undef TURN
}
