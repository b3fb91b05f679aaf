#include "ps_engine.h"
#include "vector.h"

void ps_normalize_rows(float *out, const float *in, size_t rows, size_t n, float epsilon) {
    for (size_t r = 0; r < rows; r++, out += n, in += n) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++) sum += in[i];
        const double mean = sum / (double)n;
        for (size_t i = 0; i < n; i++) {
            const double d = in[i] - mean;
            squares += d * d;
        }
        const double scale = 1.0 / sqrt(squares / (double)n + epsilon);
        for (size_t i = 0; i < n; i++) out[i] = (float)((in[i] - mean) * scale);
    }
}
