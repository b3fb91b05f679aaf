#ifndef PS_DECODING_H
#define PS_DECODING_H
#include <stddef.h>
#include <stdint.h>

// Reading the maps of systems that do more than take the largest value: Lightweight OpenPose and CPN.

// A local maximum of an enlarged map, in the enlarged map's pixels.
typedef struct {
    int32_t x, y;
    float score;
} ps_peak;

// The largest factor of an enlargement.
enum { PS_ENLARGE_MAX = 16 };

// Local maxima of map[height][width] enlarged `factor` times (1 to PS_ENLARGE_MAX) by OpenCV's INTER_CUBIC (a = -0.75, half-pixel
// centres, the border repeated): at least `threshold`, and strictly greater than the neighbours left, right, above and below;
// outside the map is 0. Only where four by four values hold one that can lead to `threshold` is anything enlarged.
//
// `enlarged`: height * factor * width * factor zeros, and zeros again on return; `blocks`: (height + 1) * (width + 1) bytes.
// Writes at most `capacity` peaks, in no useful order, and returns how many there are.
ptrdiff_t ps_enlarged_peaks(const float *map, int32_t height, int32_t width, int32_t factor, float threshold, float *enlarged,
                            uint8_t *blocks, ps_peak *peaks, ptrdiff_t capacity);

// The first maximum, in row order, of the part [left, right) x [top, bottom) of a map, at most 8x8, enlarged as above as if it
// were a map of its own: its place in the pixels of the whole map enlarged, and its value.
ps_peak ps_enlarged_maximum(const float *map, int32_t width, int32_t left, int32_t top, int32_t right, int32_t bottom, int32_t factor);

// Where an output value of a cubic resize comes from: the first of four neighbouring samples, which may lie outside, and their weights.
typedef struct {
    int32_t first;
    float weight[4];
} ps_cubic_tap;

// map[height][width], whose rows lie `row` floats apart, resized to out[out_height][out_width], whose rows lie `out_row` apart, by
// OpenCV's INTER_CUBIC on floats: a = -0.75, half-pixel centres, the border repeated, across first. `step_x` and `step_y` are the
// map's pixels for each of the output's: 1 / factor where OpenCV is given a factor, old size / new size where it is given a size.
// Works on `taps` (out_width of them) and `lines` (4 * out_width floats).
void ps_resize_cubic_f32(const float *map, ptrdiff_t row, int32_t height, int32_t width, double step_x, double step_y,
                         ps_cubic_tap *taps, float *lines, float *out, ptrdiff_t out_row, int32_t out_height, int32_t out_width);

// sums[i] += values[i] / divisor.
void ps_add_divided_f32(float *sums, const float *values, ptrdiff_t count, float divisor);

// A pair of peaks that a part affinity field connects.
typedef struct {
    int32_t a, b;      // indices in their lists
    double affinity;   // mean of the field along the line between them
} ps_limb;

// Pairs of a peak of `a` and a peak of `b` whose line runs along the field: of ten points on it at least nine must see the
// field in the line's direction with more than `threshold`. field[2][height][width] (x, y), enlarged as above only where it is
// looked at. Pairs come with b in the outer loop. Writes at most count_a * count_b of them and returns how many.
// f32, rounding as the official code (lightweight-human-pose-estimation, group_keypoints).
ptrdiff_t ps_connected_limbs(const float *field, int32_t height, int32_t width, int32_t factor, const ps_peak *a, int32_t count_a,
                             const ps_peak *b, int32_t count_b, float threshold, ps_limb *limbs);

// The two largest values of a map after a Gaussian blur.
typedef struct {
    int32_t first_x, first_y, second_x, second_y;   // in the map's pixels; up to 10 outside of it
    float maximum;                                  // of the map itself
} ps_blurred_peaks;

// How many doubles the next function works on.
static inline ptrdiff_t ps_blurred_scratch(int32_t height, int32_t width) {
    return (ptrdiff_t)(2 * height + 20) * (width + 20) + (width + 20) + (width + 40);
}

// CPN's reading of a heatmap: divided by its maximum, surrounded by 10 zeros, blurred 21x21 with sigma 3.5 (border reflect-101),
// the first maximum in row order, that one pixel set to 0, and the first maximum again. 0 when the map has no positive maximum.
int ps_find_blurred_peaks(const float *map, int32_t height, int32_t width, double *scratch, ps_blurred_peaks *peaks);

#endif
