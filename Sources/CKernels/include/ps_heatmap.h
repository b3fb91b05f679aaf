#ifndef PS_HEATMAP_H
#define PS_HEATMAP_H
#include <stddef.h>
#include <stdint.h>

// Reading heatmaps [channels][height][width].

// Flip test: adds the maps of the mirrored picture to `maps` and halves the sum, in place. Channel c takes the mirrored
// channel partner[c], its columns reversed; with `shift` columns 1.. take the reversed columns 0..width-2 and column 0 keeps
// its own (SimpleBaseline's SHIFT_HEATMAP: without half-pixel care the mirrored maps lie one column to the left).
void ps_heatmap_merge_mirrored(float *maps, const float *mirrored, const int32_t *partner, int32_t channels, int32_t height,
                               int32_t width, int shift);

// Index of the first maximum of map[count]; its value in *maximum. NaN never wins; of NaN alone: index 0, maximum -infinity.
ptrdiff_t ps_heatmap_argmax(const float *map, ptrdiff_t count, float *maximum);

#endif
