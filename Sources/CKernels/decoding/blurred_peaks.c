#include "ps_decoding.h"
#include <math.h>
#include <string.h>

enum { BORDER = 10, TAPS = 21 };

// Where a map is symmetric, values tie but for their last bit, and OpenCV's bit decides: sums are taken in its order.
#pragma clang fp contract(off)

// OpenCV's getGaussianKernel(21, 0): sigma = 0.3 ((21 - 1) / 2 - 1) + 0.8 = 3.5.
static void gaussian(double kernel[TAPS]) {
    double sum = 0;
    for (int k = 0; k < TAPS; k++) {
        const double d = k - BORDER;
        kernel[k] = exp(-d * d / (2 * 3.5 * 3.5));
        sum += kernel[k];
    }
    for (int k = 0; k < TAPS; k++) kernel[k] /= sum;
}

static int32_t reflected(int32_t i, int32_t extent) { return i < 0 ? -i : i >= extent ? 2 * (extent - 1) - i : i; }

static void first_maximum(const double *values, int32_t rows, int32_t columns, int32_t *x, int32_t *y) {
    const ptrdiff_t count = (ptrdiff_t)rows * columns;
    ptrdiff_t best = 0;
    for (ptrdiff_t i = 1; i < count; i++)
        if (values[i] > values[best]) best = i;
    *x = (int32_t)(best % columns) - BORDER;
    *y = (int32_t)(best / columns) - BORDER;
}

int ps_find_blurred_peaks(const float *map, int32_t height, int32_t width, double *scratch, ps_blurred_peaks *peaks) {
    float largest = map[0];
    for (ptrdiff_t i = 1; i < (ptrdiff_t)height * width; i++) largest = map[i] > largest ? map[i] : largest;
    peaks->maximum = largest;
    if (!(largest > 0) || !isfinite(largest)) return 0;

    double kernel[TAPS];
    gaussian(kernel);
    const int32_t rows = height + 2 * BORDER, columns = width + 2 * BORDER;
    double *blurred = scratch, *across = blurred + (ptrdiff_t)rows * columns;
    double *zeros = across + (ptrdiff_t)height * columns, *line = zeros + columns;
    memset(zeros, 0, sizeof(double) * (size_t)columns);

    // Along each row of the map, whose neighbours above and below are zeros; from the first tap to the last.
    for (int32_t y = 0; y < height; y++) {
        const float *from = map + (ptrdiff_t)y * width;
        for (int32_t j = 0; j < columns + 2 * BORDER; j++) {
            const int32_t x = reflected(j - BORDER, columns) - BORDER;
            line[j] = x >= 0 && x < width ? (double)(from[x] / largest) : 0;
        }
        double *sum = across + (ptrdiff_t)y * columns;
        for (int32_t x = 0; x < columns; x++) sum[x] = line[x] * kernel[0];
        for (int k = 1; k < TAPS; k++)
            for (int32_t x = 0; x < columns; x++) sum[x] += line[x + k] * kernel[k];
    }
    // Down the columns, from the middle outwards.
    for (int32_t row = 0; row < rows; row++) {
        const double *tap[TAPS];
        for (int k = 0; k < TAPS; k++) {
            const int32_t y = reflected(row + k - BORDER, rows) - BORDER;
            tap[k] = y >= 0 && y < height ? across + (ptrdiff_t)y * columns : zeros;
        }
        double *to = blurred + (ptrdiff_t)row * columns;
        for (int32_t x = 0; x < columns; x++) to[x] = tap[BORDER][x] * kernel[BORDER];
        for (int k = 1; k <= BORDER; k++) {
            const double *below = tap[BORDER + k], *above = tap[BORDER - k];
            if (below == zeros && above == zeros) continue;
            for (int32_t x = 0; x < columns; x++) to[x] += (below[x] + above[x]) * kernel[BORDER + k];
        }
    }
    first_maximum(blurred, rows, columns, &peaks->first_x, &peaks->first_y);
    blurred[(ptrdiff_t)(peaks->first_y + BORDER) * columns + peaks->first_x + BORDER] = 0;
    first_maximum(blurred, rows, columns, &peaks->second_x, &peaks->second_y);
    return 1;
}
