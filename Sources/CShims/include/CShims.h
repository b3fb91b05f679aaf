#ifndef CSHIMS_H
#define CSHIMS_H
#include <errno.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include "ps_camera.h"
#include "ps_interrupt.h"
#include "ps_jpeg.h"
#include "ps_log.h"
#include "ps_scale.h"

// FFmpeg's macros that Swift cannot see.

static inline int ps_averror(int code) { return AVERROR(code); }
static inline int ps_averror_eof(void) { return AVERROR_EOF; }
static inline int ps_averror_exit(void) { return AVERROR_EXIT; }
static inline int ps_averror_invalid_data(void) { return AVERROR_INVALIDDATA; }
static inline int ps_averror_stream_not_found(void) { return AVERROR_STREAM_NOT_FOUND; }
static inline int ps_averror_protocol_not_found(void) { return AVERROR_PROTOCOL_NOT_FOUND; }
static inline int ps_averror_decoder_not_found(void) { return AVERROR_DECODER_NOT_FOUND; }
static inline int64_t ps_nopts(void) { return AV_NOPTS_VALUE; }

// C arrays in structs come over as tuples; these take an index.
static inline uint8_t *ps_plane(const AVFrame *frame, int plane) { return frame->data[plane]; }
static inline int ps_stride(const AVFrame *frame, int plane) { return frame->linesize[plane]; }

// Sets the plane pointers and strides of a frame whose format and size are set, into one buffer.
static inline int ps_fill_planes(AVFrame *frame, uint8_t *buffer, int alignment) {
    return av_image_fill_arrays(
        frame->data, frame->linesize, buffer, (enum AVPixelFormat)frame->format, frame->width, frame->height, alignment);
}

// `pkt_duration` until FFmpeg 5, `duration` from 6 on. Ticks; 0 when unknown.
static inline int64_t ps_frame_duration(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_MAJOR >= 58
    return frame->duration;
#else
    return frame->pkt_duration;
#endif
}

static inline void ps_set_frame_duration(AVFrame *frame, int64_t ticks) {
#if LIBAVUTIL_VERSION_MAJOR >= 58
    frame->duration = ticks;
#else
    frame->pkt_duration = ticks;
#endif
}

#endif
