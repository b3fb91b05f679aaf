#ifndef PS_SAMPLING_H
#define PS_SAMPLING_H
#include "ps_image.h"

// From a picture in its own planes to a network's input: cut out (warp), shrink (resize), scale to floats.
// Pictures go in as the decoder left them; crops come out as dense bytes [height, width, 3].

// Order of the three bytes of a crop's pixel.
typedef enum { PS_ORDER_RGB = 0, PS_ORDER_BGR = 1 } ps_order;

// Warps a picture through the affine map `forward` (picture -> crop: x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5) into
// crop[height][width][3]. Bilinear, in the fixed-point arithmetic of OpenCV 4's warpAffine: positions in 1/32 pixel,
// weights of 2^15; a tap outside the picture counts as RGB 0, each tap for itself. Equal to OpenCV bit for bit on 8-bit RGB.
// For YUV the taps apply to luma, chroma is interpolated between its own samples, and the sum is converted once.
// `mirrored` writes column x to column width - 1 - x. A singular map shows pixel (0, 0) everywhere.
void ps_warp_u8(const ps_image *image, const double forward[6], int32_t width, int32_t height, ps_order order, int mirrored,
                uint8_t *crop);

// Scales the whole picture to width x height pixels at `out`, whose rows lie `row` bytes apart. Bilinear with half-pixel
// centres, the border repeated, no low pass: OpenCV's resize INTER_LINEAR in its 11-bit arithmetic for 8-bit RGB.
void ps_resize_u8(const ps_image *image, int32_t width, int32_t height, ps_order order, uint8_t *out, ptrdiff_t row);

// A part of a picture, which may reach beyond it, and how far it is scaled.
typedef struct {
    int32_t x, y, width, height;   // pixels of the picture
    double scale_x, scale_y;       // output pixels for each pixel of the picture
} ps_part;

// ps_resize_u8 of a window: its own edges are repeated, as if it had been cut out first; where it reaches beyond the picture it
// shows `border` (in the crop's channel order). OpenCV's resize of a part of a padded picture.
void ps_resize_window_u8(const ps_image *image, const ps_part *window, const uint8_t border[3], int32_t width, int32_t height,
                         ps_order order, uint8_t *out, ptrdiff_t row);

// The whole picture, scaled without rounding to bytes, into the left upper content_width x content_height values of
// planes[3][height][width] as scale[c] * byte + bias[c]; the rest becomes rest[c]. Bilinear with half-pixel centres, the border
// repeated, no low pass: PyTorch's interpolate and OpenCV's resize on floats.
void ps_resize_f32(const ps_image *image, double scale_x, double scale_y, int32_t content_width, int32_t content_height,
                   int32_t width, int32_t height, ps_order order, const float scale[3], const float bias[3], const float rest[3],
                   float *planes);

// Reverses each of `rows` rows in place.
void ps_mirror_rows(float *values, ptrdiff_t rows, int32_t width);

// ps_resize_u8 into the left upper content_width x content_height pixels of out[height][width][3]; the rest becomes `fill`.
void ps_letterbox_u8(const ps_image *image, int32_t content_width, int32_t content_height, int32_t width, int32_t height,
                     ps_order order, const uint8_t fill[3], uint8_t *out);

// Interleaved bytes [count][3] to planes [3][count]: plane c = scale[c] * byte c + bias[c].
void ps_normalize_u8(const uint8_t *pixels, ptrdiff_t count, const float scale[3], const float bias[3], float *planes);

#endif
