#ifndef PS_SCALE_H
#define PS_SCALE_H
#include <libavutil/frame.h>
#include <libswscale/swscale.h>

// swscale takes arrays of planes, which Swift sees as tuples. Converts `rows` rows of `source` into the part of the 4:2:0 picture
// `target` whose left upper corner is (x, y), both even. Returns the rows written or a negative error.
static inline int ps_scale(struct SwsContext *scaler, const AVFrame *source, int rows, AVFrame *target, int x, int y) {
    uint8_t *planes[4] = {
        target->data[0] + (ptrdiff_t)y * target->linesize[0] + x,
        target->data[1] + (ptrdiff_t)(y / 2) * target->linesize[1] + x / 2,
        target->data[2] + (ptrdiff_t)(y / 2) * target->linesize[2] + x / 2,
        NULL,
    };
    return sws_scale(scaler, (const uint8_t *const *)source->data, source->linesize, 0, rows, planes, target->linesize);
}

#endif
