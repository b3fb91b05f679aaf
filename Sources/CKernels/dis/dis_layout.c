#include "dis_plane.h"
#include <math.h>

int ps_dis_scales(ps_dis *how, int32_t width, int32_t height) {
    const int32_t longer = width > height ? width : height, shorter = width > height ? height : width;
    if (shorter < PS_DIS_PATCH) return 0;
    const int32_t by_length = (int32_t)(log2((double)longer / (4 * PS_DIS_PATCH)) + 0.5);
    const int32_t by_patches = (int32_t)log2((double)(shorter / PS_DIS_PATCH));
    how->coarsest = by_length < by_patches ? by_length : by_patches;
    if (how->coarsest < 0) how->coarsest = 0;
    if (how->coarsest > PS_DIS_SCALES - 1) how->coarsest = PS_DIS_SCALES - 1;
    if (how->finest > how->coarsest) how->finest = how->coarsest;
    return 1;
}

size_t ps_dis_picture_layout(ps_dis_picture *picture, const ps_dis *how, uint8_t *memory, int32_t width, int32_t height) {
    size_t bytes = 0;
    width >>= how->finest, height >>= how->finest;
    for (int32_t s = how->finest; s <= how->coarsest; s++, width /= 2, height /= 2) {
        if (memory) picture->scale[s] = ps_grey_in(memory + bytes, width, height);
        bytes += ps_grey_bytes(width, height);
    }
    return bytes;
}

size_t ps_dis_field_floats(const ps_dis *how, int32_t width, int32_t height) {
    return 2 * ps_dis_plane_floats(width >> how->finest, height >> how->finest);
}

size_t ps_dis_work_floats(const ps_dis *how, int32_t width, int32_t height) {
    const size_t planes = how->refinements > 0 ? PS_DIS_REFINED_PLANES : PS_DIS_PLANES;
    // Shrinking needs sums of one full row and its tables.
    const size_t shrinking = 4 * ((size_t)width + 64);
    const size_t searching = planes * ps_dis_plane_floats(width >> how->finest, height >> how->finest);
    return (searching > shrinking ? searching : shrinking) + 64;
}
