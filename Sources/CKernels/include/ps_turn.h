#ifndef PS_TURN_H
#define PS_TURN_H
#include <stddef.h>
#include <stdint.h>

// Copies a plane in another order of its rows and columns: turned, mirrored or both.
// Sample (i, j) of the destination (column i, row j) is the `sample_bytes` bytes at `source + i * column_step + j * row_step`;
// steps are in bytes and may be negative, so a quarter turn has a column step of plus or minus one source row.
// `destination` has `columns` x `rows` samples without a gap inside a row. The planes must not overlap.
void ps_turn_plane(
    const uint8_t *source, ptrdiff_t column_step, ptrdiff_t row_step, uint8_t *destination, ptrdiff_t destination_row,
    int32_t columns, int32_t rows, int32_t sample_bytes);

#endif
