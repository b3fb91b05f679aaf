#ifndef PS_JPEG_H
#define PS_JPEG_H
#include <libavutil/frame.h>
#include <stddef.h>
#include <stdint.h>

// Decodes a JPEG picture with libjpeg into `frame` (blank before): RGB24 or GRAY8, full range, with the Exif orientation as
// metadata "Orientation" and the pixel aspect of JFIF. A picture with damage is decoded as far as it goes and marked in
// `decode_error_flags`.
// Returns 1 when done; 0 when libjpeg cannot read it (CMYK, 12 bits, lossless, no picture): `frame` is blank then; a negative
// error of FFmpeg when there is no memory or the picture has more than `max_pixels`.
int ps_jpeg_decode(const uint8_t *bytes, size_t count, int64_t max_pixels, AVFrame *frame);

#endif
