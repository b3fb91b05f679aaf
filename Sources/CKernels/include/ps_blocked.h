#ifndef PS_BLOCKED_H
#define PS_BLOCKED_H
#include "ps_engine.h"
#include <stddef.h>
#include <stdint.h>

// The fast kernels. Maps lie in blocks of 16 channels, [N][C/16][H + 2 halo][W + 2 halo][16] f32, with a halo of zeros
// around each plane, so that no kernel has border code; channels beyond the last hold anything, nobody reads them. One
// table of functions for each instruction set; `ps_blocked_plain` is the plain C twin that the others are tested against.
//
// All pointers are 64-byte aligned. Nothing here allocates or starts a thread: work is cut into items, and whoever calls
// decides which thread computes which. Every output is computed by one item in one order, so results do not depend on that.

enum { PS_BLOCK = 16 };

// The shape of a map and its place in a buffer.
typedef struct {
    int32_t batch, channels, height, width;
    int32_t halo;       // zero rows and columns on each side
    ptrdiff_t image;    // floats from one picture of the batch to the next (more than the map's own when it is a part of a wider one)
} ps_map;

static inline int32_t ps_map_blocks(const ps_map *m) { return (m->channels + PS_BLOCK - 1) / PS_BLOCK; }
static inline ptrdiff_t ps_map_row(const ps_map *m) { return (ptrdiff_t)(m->width + 2 * m->halo) * PS_BLOCK; }
static inline ptrdiff_t ps_map_plane(const ps_map *m) { return (ptrdiff_t)(m->height + 2 * m->halo) * ps_map_row(m); }
// Floats from the start of a plane to its first pixel inside the halo.
static inline ptrdiff_t ps_map_origin(const ps_map *m) { return (ptrdiff_t)m->halo * (ps_map_row(m) + PS_BLOCK); }

typedef enum {
    PS_CONV_DIRECT = 0,
    PS_CONV_WINOGRAD_4,   // F(4,3) for 3x3, F(5,2) for the phases of a transposed 4x4: 6x6 tiles
    PS_CONV_WINOGRAD_2    // F(2,3), F(3,2): 4x4 tiles
} ps_conv_algorithm;

// A convolution over blocked maps: kernel k x k, stride 1 or 2, any dilation; or the transposed 4x4 stride 2 pad 1.
typedef struct {
    ps_map in, out;
    int32_t kernel_h, kernel_w;
    int32_t stride, dilation;
    int32_t pad_top, pad_left;
    int32_t transposed;           // 1: transposed 4x4, stride 2, padding 1
    ps_conv_algorithm algorithm;
    ps_activation activation;     // after bias and residual
    ptrdiff_t residual_image;     // floats from one picture of the residual to the next
    ptrdiff_t words_image;        // the same of the output in bf16, counted as if it were f32 (ps_paired_kernels)
    int32_t reads_words;          // 1: the input of a depthwise convolution is bf16
    // Set by `prepare`:
    int32_t row_chunks;           // rows are cut so that a chunk of the input stays in the second-level cache
    int32_t tile_block;           // Winograd: tiles of one item
    int32_t panel_groups;         // Winograd: parts into which the output's channels are cut, so that few tiles serve several threads
} ps_conv;

// A map from one or two others, element by element.
typedef struct {
    ps_map out, a, b;             // sizes of a and out are equal; b: the same, or one pixel for the whole picture
    int32_t operation;            // ps_arithmetic, or -1: a alone
    int32_t swapped;              // b before a
    ps_activation activation;
} ps_combination;

typedef enum { PS_POOL_MAX, PS_POOL_MEAN, PS_POOL_MEAN_PADDED } ps_pool_function;

// A window's largest or mean value; what lies beyond the picture does not count (MEAN_PADDED: it counts as zeros within the padding).
typedef struct {
    ps_map in, out;
    ps_pool_function function;
    int32_t kernel_h, kernel_w, stride_y, stride_x, pad_top, pad_left, pad_bottom, pad_right;
    ps_activation activation;
} ps_pooling;

// out[y][x] = sum over t, u of row_weights[y][t] column_weights[x][u] in[rows[y][t]][columns[x][u]], plus a residual.
typedef struct {
    ps_map in, out;
    int32_t taps;                 // 1: nearest, weights are not read; 2: linear
    const int32_t *rows, *columns;
    const float *row_weights, *column_weights;
    ps_activation activation;
    ptrdiff_t residual_image;
} ps_resizing;

// Up to 16 channels of one block of a source, on their way into one block of the destination.
typedef struct {
    int32_t source, block;
    uint32_t mask;                // lanes of the destination that are written
    int32_t lanes[16];            // lane of the source for each of them
} ps_move;

// A map whose channels come from several others in any order: concat, split, slice and shuffle. Block i of `out` takes
// moves [first_move[i], first_move[i + 1]); a block with none is left alone.
typedef struct {
    ps_map out;
    const ps_map *sources;
    const int32_t *first_move;
    const ps_move *moves;
    ps_activation activation;
    ptrdiff_t residual_image;
} ps_routing;

// Where a channel of a plain picture lies.
typedef struct { int32_t source, channel; } ps_channel;

typedef struct {
    const char *name;             // "avx512", "avx2", "neon", "plain"

    // ---- Convolution ----
    // Bytes of packed weights; packing from [out][in][kh][kw] (transposed: [in][out][4][4]).
    size_t (*packed_bytes)(const ps_conv *c);
    void (*pack)(const ps_conv *c, const float *weights, float *packed);
    // Chooses the cut for a number of threads; returns how many items there are.
    int32_t (*prepare)(ps_conv *c, int32_t threads);
    size_t (*scratch_bytes)(const ps_conv *c);   // for each thread
    // Items [first, last). bias: one value a channel, padded to whole blocks. residual: as out, or NULL.
    void (*convolve)(
        const ps_conv *c, const float *in, const float *packed, const float *bias, const float *residual, float *out, int32_t first,
        int32_t last, void *scratch);

    // ---- Depthwise: one filter a channel ----
    void (*pack_depthwise)(int32_t channels, int32_t taps, const float *weights, float *packed);   // [taps][16] a block
    // Channel blocks [first, last) of all pictures (item = picture * blocks + block).
    void (*depthwise)(const ps_conv *c, const float *in, const float *packed, const float *bias, float *out, int32_t first, int32_t last);
    // The same for the transposed 4x4 stride 2 pad 1.
    void (*depthwise_transposed)(
        const ps_conv *c, const float *in, const float *packed, const float *bias, float *out, int32_t first, int32_t last);

    // ---- Stem: k x k, stride 1 or 2, over interleaved RGB [N][H + 2 halo][W + 2 halo][3] ----
    // Floats from one interleaved picture to the next are c->in.image.
    void (*interleave)(const ps_map *in, const float *planes, float *rgb, int32_t first, int32_t last);   // rows of all pictures
    size_t (*packed_stem_bytes)(const ps_conv *c);
    void (*pack_stem)(const ps_conv *c, const float *weights, float *packed);
    int32_t (*prepare_stem)(ps_conv *c, int32_t threads);
    void (*stem)(const ps_conv *c, const float *rgb, const float *packed, const float *bias, float *out, int32_t first, int32_t last);

    // ---- Maps: item = picture * blocks + block of the destination ----
    void (*combine)(const ps_combination *c, const float *a, const float *b, float *out, int32_t first, int32_t last);
    // scratch: ps_row_scratch bytes.
    void (*pool)(const ps_pooling *p, const float *in, float *out, int32_t first, int32_t last, void *scratch);
    void (*resize)(const ps_resizing *r, const float *in, const float *residual, float *out, int32_t first, int32_t last, void *scratch);
    void (*route)(const ps_routing *r, const float *const *sources, const float *residual, float *out, int32_t first, int32_t last);
} ps_blocked_kernels;

// Convolutions whose products are bf16 and whose sums are f32; bias, residual and activation are f32. PS_CONV_DIRECT
// reads a paired map, [N][C/16][H + 2 halo][W + 2 halo][16] bf16 (`image` still counts as if it were f32);
// PS_CONV_WINOGRAD_2 reads an f32 map, transforms it in f32 and rounds once. PS_CONV_WINOGRAD_4 would lose too many bits.
//
// The result is f32 in `out`, or rounded in `words`, a paired map with the halo of c->out, or both; either may be NULL.
typedef struct {
    // A paired map of an f32 one, halo included. Planes [first, last) (picture * blocks + block).
    void (*narrow)(const ps_map *in, const ps_map *out, const float *from, float *to, int32_t first, int32_t last);
    // Zeroes around planes of a paired map.
    void (*clear_halo)(const ps_map *m, float *words, int32_t first, int32_t last);
    size_t (*packed_bytes)(const ps_conv *c);
    void (*pack)(const ps_conv *c, const float *weights, float *packed);
    int32_t (*prepare)(ps_conv *c, int32_t threads);
    size_t (*scratch_bytes)(const ps_conv *c);
    // With `words` the activation must be none, ReLU or clipping.
    void (*convolve)(
        const ps_conv *c, const float *in, const float *packed, const float *bias, const float *residual, float *out, float *words,
        int32_t first, int32_t last, void *scratch);
    // Depthwise with f32 products, from an f32 map or (c->reads_words) a paired one; weights as ps_blocked_kernels packs them.
    size_t (*depthwise_scratch)(const ps_conv *c);
    void (*depthwise)(
        const ps_conv *c, const float *in, const float *packed, const float *bias, float *out, float *words, int32_t first, int32_t last,
        void *scratch);
} ps_paired_kernels;

// For the table of an instruction set; NULL when this processor multiplies no bf16.
const ps_paired_kernels *ps_paired_for(const ps_blocked_kernels *kernels);

// Bytes of one row of a block.
static inline size_t ps_row_scratch(const ps_map *in) { return (size_t)in->width * PS_BLOCK * sizeof(float); }

// Zeroes around planes [first, last) (picture * blocks + block).
void ps_clear_halo(const ps_map *m, float *map, int32_t first, int32_t last);

// Plain [N, C, H, W] into blocks, halo included; blocks [first, last) of all pictures.
void ps_block_planes(const ps_map *m, const float *planes, float *map, int32_t first, int32_t last);

// Channels of blocked maps into plain [N, channels, H, W]; blocks of 16 channels [first, last) of all pictures.
void ps_unblock_planes(
    const ps_map *sources, const float *const *maps, int32_t channels, const ps_channel *from, float *planes, int32_t first, int32_t last);

// The same with the channels of a pixel side by side, [N, H W, channels]; `step` floats from one picture of `pixels` to the next.
// Rows [first, last) of all pictures.
void ps_unblock_pixels(
    const ps_map *sources, const float *const *maps, int32_t channels, const ps_channel *from, float *pixels, ptrdiff_t step, int32_t first,
    int32_t last);

extern const ps_blocked_kernels ps_blocked_plain;

// The table of an instruction set by its name; NULL when this program or this processor lacks it.
const ps_blocked_kernels *ps_blocked_named(const char *name);
// The best table for this processor.
const ps_blocked_kernels *ps_blocked_best(void);

#endif
