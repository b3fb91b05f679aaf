#ifndef PS_DIS_H
#define PS_DIS_H
#include "ps_flow.h"

// Dense flow by inverse search (Kroeger et al. 2016; spec: optical-flow section 2, the arithmetic of OpenCV 5's DISOpticalFlow).
//
// Written once in clang's vector types of eight floats: the order of every sum is the same on all processors, so are the bits.

enum { PS_DIS_SCALES = 16, PS_DIS_PATCH = 8 };

typedef struct {
    int32_t finest;        // the result has 1 / 2^finest of the picture's size
    int32_t coarsest;      // set by ps_dis_scales
    int32_t stride;        // from one patch to the next, 1 to 8
    int32_t steps;         // of the descent, in each of two passes
    int32_t refinements;   // fixed-point iterations of the variational refinement; 0: none
} ps_dis;

// A picture at scales finest to coarsest; scale s has (width >> finest) >> (s - finest) columns. Borders repeat.
typedef struct { ps_grey scale[PS_DIS_SCALES]; } ps_dis_picture;

// A flow field: u to the right and v down, in pixels of its own size.
typedef struct {
    float *u, *v;
    ptrdiff_t row;         // floats from one row to the next
    int32_t width, height;
} ps_field;

// Sets the scales for pictures of this size (small ones get a finer finest scale). 0 when a side is below PS_DIS_PATCH: no flow.
int ps_dis_scales(ps_dis *how, int32_t width, int32_t height);

// Lays the scales over `memory` (NULL: only counts) that was set to zero once; returns the bytes.
size_t ps_dis_picture_layout(ps_dis_picture *picture, const ps_dis *how, uint8_t *memory, int32_t width, int32_t height);

// Floats of the two planes of a result, and of the memory to work in (64-byte aligned, set to zero once).
size_t ps_dis_field_floats(const ps_dis *how, int32_t width, int32_t height);
size_t ps_dis_work_floats(const ps_dis *how, int32_t width, int32_t height);

typedef struct {
    const char *name;
    // Shrinks `full` to all scales. `work` as below.
    void (*shrink)(const ps_dis *how, const ps_grey *full, const ps_dis_picture *picture, float *work);
    // The flow at the finest scale, laid into `memory` of ps_dis_field_floats.
    ps_field (*flow)(const ps_dis *how, const ps_dis_picture *from, const ps_dis_picture *to, float *memory, float *work);
    // The field at another size, in pixels of that size: bilinear, `work` holds 2 (small->width + 16) floats.
    void (*expand)(const ps_field *small, float factor, const ps_field *full, float *work);
} ps_dis_kernels;

// As ps_flow_named and ps_flow_best.
const ps_dis_kernels *ps_dis_named(const char *name);
const ps_dis_kernels *ps_dis_best(void);

#endif
