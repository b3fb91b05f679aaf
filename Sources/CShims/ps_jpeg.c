#include "ps_jpeg.h"
#include <libavcodec/avcodec.h>
#include <libavutil/dict.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

// libjpeg ends by calling `error_exit`, which must not return.
typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf escape;
    int is_damaged;
} ps_jpeg_errors;

// A few bytes can ask for thousands of passes over a large progressive picture; encoders write about ten.
enum { PS_JPEG_MOST_SCANS = 100 };

static void fail(j_common_ptr info) { longjmp(((ps_jpeg_errors *)info->err)->escape, 1); }

static void stay_silent(j_common_ptr info) { (void)info; }

static void note(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
        // Odd but harmless headers and stray bytes between segments are no damage.
        case JWRN_JPEG_EOF: case JWRN_HIT_MARKER: case JWRN_HUFF_BAD_CODE: case JWRN_MUST_RESYNC: case JWRN_ARITH_BAD_CODE:
            ((ps_jpeg_errors *)info->err)->is_damaged = 1;
        default: break;
    }
}

static void watch(j_common_ptr info) {
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > PS_JPEG_MOST_SCANS) fail(info);
}

static unsigned read16(const uint8_t *at, int is_big) { return is_big ? at[0] << 8 | at[1] : at[1] << 8 | at[0]; }

static size_t read32(const uint8_t *at, int is_big) {
    return is_big ? (size_t)read16(at, 1) << 16 | read16(at + 2, 1) : (size_t)read16(at + 2, 0) << 16 | read16(at, 0);
}

// The tag "Orientation" of an Exif segment; 0 when it has none.
static int exif_orientation(const uint8_t *bytes, size_t count) {
    if (count < 14 || memcmp(bytes, "Exif\0\0", 6) != 0) return 0;
    const uint8_t *tiff = bytes + 6;
    size_t size = count - 6;
    int is_big = tiff[0] == 'M' && tiff[1] == 'M';
    if (!is_big && !(tiff[0] == 'I' && tiff[1] == 'I')) return 0;
    size_t place = read32(tiff + 4, is_big);
    if (place > size - 2) return 0;
    unsigned entries = read16(tiff + place, is_big);
    for (place += 2; entries > 0 && place + 12 <= size; entries--, place += 12) {
        if (read16(tiff + place, is_big) != 0x0112) continue;
        unsigned value = read16(tiff + place + 8, is_big);
        return value >= 1 && value <= 8 ? (int)value : 0;
    }
    return 0;
}

static int prepare(struct jpeg_decompress_struct *info, int64_t max_pixels, AVFrame *frame) {
    int is_gray = info->num_components == 1;
    if (!is_gray && info->num_components != 3) return 0;
    if ((int64_t)info->image_width * info->image_height > max_pixels) return AVERROR(EINVAL);
    info->out_color_space = is_gray ? JCS_GRAYSCALE : JCS_RGB;
    frame->format = is_gray ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24;
    frame->width = (int)info->image_width;
    frame->height = (int)info->image_height;
    frame->color_range = AVCOL_RANGE_JPEG;
    frame->colorspace = is_gray ? AVCOL_SPC_UNSPECIFIED : AVCOL_SPC_RGB;
    if (info->saw_JFIF_marker && info->X_density > 0 && info->Y_density > 0)
        av_reduce(&frame->sample_aspect_ratio.num, &frame->sample_aspect_ratio.den, info->X_density, info->Y_density, 1 << 16);
    for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
        int orientation = exif_orientation(marker->data, marker->data_length);
        if (orientation == 0) continue;
        int code = av_dict_set_int(&frame->metadata, "Orientation", orientation, 0);
        if (code < 0) return code;
        break;
    }
    int code = av_frame_get_buffer(frame, 0);
    return code < 0 ? code : 1;
}

int ps_jpeg_decode(const uint8_t *bytes, size_t count, int64_t max_pixels, AVFrame *frame) {
    struct jpeg_decompress_struct info;
    struct jpeg_progress_mgr progress;
    ps_jpeg_errors errors;
    memset(&info, 0, sizeof info);
    memset(&progress, 0, sizeof progress);
    info.err = jpeg_std_error(&errors.base);
    errors.is_damaged = 0;
    errors.base.error_exit = fail;
    errors.base.output_message = stay_silent;
    errors.base.emit_message = note;
    if (setjmp(errors.escape)) {
        jpeg_destroy_decompress(&info);
        av_frame_unref(frame);
        return 0;
    }
    jpeg_create_decompress(&info);
    progress.progress_monitor = watch;
    info.progress = &progress;
    jpeg_mem_src(&info, (unsigned char *)bytes, (unsigned long)count);
    jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&info, TRUE);
    int code = prepare(&info, max_pixels, frame);
    if (code == 1) {
        jpeg_start_decompress(&info);
        while (info.output_scanline < info.output_height) {
            JSAMPROW row = frame->data[0] + (ptrdiff_t)info.output_scanline * frame->linesize[0];
            jpeg_read_scanlines(&info, &row, 1);
        }
        jpeg_finish_decompress(&info);
        if (errors.is_damaged) frame->decode_error_flags |= FF_DECODE_ERROR_INVALID_BITSTREAM;
    }
    jpeg_destroy_decompress(&info);
    if (code != 1) av_frame_unref(frame);
    return code;
}
