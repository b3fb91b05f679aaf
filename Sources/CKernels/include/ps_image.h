#ifndef PS_IMAGE_H
#define PS_IMAGE_H
#include <stddef.h>
#include <stdint.h>

// A picture as the decoder left it: up to three components, each with its own place in memory and its own
// subsampling. Planar, semi-planar (NV12: step 2) and packed (RGB24: step 3, BGRA: step 4) pictures are all of this form.

typedef enum { PS_IMAGE_GRAY = 0, PS_IMAGE_YUV = 1, PS_IMAGE_RGB = 2 } ps_image_kind;

typedef struct {
    const uint8_t *base;   // first sample; may be unaligned
    ptrdiff_t row;         // bytes from one row to the next; may be negative
    int32_t step;          // bytes from one sample to the next
    uint8_t shift_x;       // the component has ceil(width / 2^shift_x) columns
    uint8_t shift_y;       // and ceil(height / 2^shift_y) rows
} ps_component;

typedef struct {
    int32_t width, height;        // pixels
    int32_t sample_bytes;         // 1, or 2 (little-endian words)
    int32_t depth;                // 8 to 16: a sample v counts as v / 2^(depth - 8) in 8-bit units (P010's high bits are thus depth 16)
    ps_image_kind kind;           // GRAY: c[0]; YUV: Y, U, V; RGB: R, G, B
    ps_component c[3];
    // YUV to RGB in 8-bit units: R = y_scale (Y - y_offset) + v_to_r V', G = .. + u_to_g U' + v_to_g V', B = .. + u_to_b U'
    // with U' = U - 128. For GRAY only y_scale and y_offset count; for RGB none (its depth is always 8).
    float y_offset, y_scale, v_to_r, u_to_g, v_to_g, u_to_b;
    // Where a chroma sample lies, in luma pixels: its column i is at luma x = i * 2^shift_x + chroma_x (0 = left, 0.5 = centre for 4:2:x;
    // may be negative after mirroring an odd width). A sample outside is the nearest one inside.
    float chroma_x, chroma_y;
} ps_image;

#endif
