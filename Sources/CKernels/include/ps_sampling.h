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

// ps_resize_u8 into the left upper content_width x content_height pixels of out[height][width][3]; the rest becomes `fill`.
void ps_letterbox_u8(const ps_image *image, int32_t content_width, int32_t content_height, int32_t width, int32_t height,
                     ps_order order, const uint8_t fill[3], uint8_t *out);

// Interleaved bytes [count][3] to planes [3][count]: plane c = scale[c] * byte c + bias[c].
void ps_normalize_u8(const uint8_t *pixels, ptrdiff_t count, const float scale[3], const float bias[3], float *planes);

#endif
