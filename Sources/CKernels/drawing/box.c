#include "drawing_plane.h"

// A rectangle with round corners in a plane's coordinates, by its middle, its half sizes and the corners' radius.
// Its signed distance (negative inside) is that of the rectangle shrunk by the corner, less the corner.
typedef struct { double x, y, w, h, corner; } round_box;

// Beyond this a coordinate says nothing about a picture; it is moved here so that float arithmetic near the picture holds.
static const double far_away = 1e6;

static double near(double v) { return v < -far_away ? -far_away : (v > far_away ? far_away : v); }

static int make(round_box *b, double left, double top, double right, double bottom, double corner) {
    if (isnan(left) || isnan(top) || isnan(right) || isnan(bottom) || !isfinite(corner)) return 0;
    if (!(left <= right) || !(top <= bottom)) return 0;
    if (isinf(left) || isinf(top) || isinf(right) || isinf(bottom)) return 0;
    left = near(left); right = near(right); top = near(top); bottom = near(bottom);
    b->x = (left + right) / 2; b->y = (top + bottom) / 2;
    b->w = (right - left) / 2; b->h = (bottom - top) / 2;
    b->corner = fmax(0, fmin(corner, fmin(b->w, b->h)));
    return 1;
}

static round_box in_plane(round_box b, const ps_plane *plane) {
    return (round_box){
        b.x * plane->scale + plane->shift, b.y * plane->scale + plane->shift, b.w * plane->scale, b.h * plane->scale,
        b.corner * plane->scale,
    };
}

static inline float distance(float px, float py, float w, float h, float corner) {
    const float qx = __builtin_fabsf(px) - (w - corner), qy = __builtin_fabsf(py) - (h - corner);
    const float ox = qx > 0.0f ? qx : 0.0f, oy = qy > 0.0f ? qy : 0.0f, most = qx > qy ? qx : qy;
    return __builtin_elementwise_sqrt(ox * ox + oy * oy) + (most < 0.0f ? most : 0.0f) - corner;
}

// One stretch of a row. `radius` < 0 fills, otherwise the edge is stroked.
static void stretch(ps_plane plane, round_box b, float radius, float alpha, int32_t y, ps_span columns) {
    uint8_t *restrict line = plane.base + y * plane.row;
    const float fx = (float)-b.x, fy = (float)(y - b.y), w = (float)b.w, h = (float)b.h, corner = (float)b.corner;
    const float value = plane.sample;
    if (radius < 0.0f) {
        PS_SHORT_LOOP
        for (int32_t x = columns.first; x <= columns.last; x++)
            line[x] = ps_blend(line[x], value, alpha * ps_unit(0.5f - distance((float)x + fx, fy, w, h, corner)));
    } else {
        PS_SHORT_LOOP
        for (int32_t x = columns.first; x <= columns.last; x++)
            line[x] = ps_blend(
                line[x], value, alpha * ps_unit(radius + 0.5f - __builtin_fabsf(distance((float)x + fx, fy, w, h, corner))));
    }
}

// The upright edges between the corners: a column has the same coverage on every row.
enum { widest_upright = 64 };

static void upright(ps_plane plane, double edge, double r, float alpha, ps_span rows) {
    float coverage[widest_upright];
    const ps_span columns = ps_span_of(edge - r - 0.5, edge + r + 0.5, plane.width);
    for (int32_t x = columns.first; x <= columns.last; x++)
        coverage[x - columns.first] = alpha * ps_unit((float)(r + 0.5 - fabs(x - edge)));
    for (int32_t y = rows.first; y <= rows.last; y++) {
        uint8_t *restrict line = plane.base + y * plane.row;
        for (int32_t x = columns.first; x <= columns.last; x++)
            line[x] = ps_blend(line[x], plane.sample, coverage[x - columns.first]);
    }
}

void ps_draw_box(const ps_canvas *canvas, double left, double top, double right, double bottom, double corner, ps_ink ink) {
    round_box whole;
    if (!ps_ink_is_visible(ink) || !make(&whole, left, top, right, bottom, corner)) return;
    for (int i = 0; i < 3; i++) {
        const ps_plane plane = ps_plane_of(canvas, i, ink);
        const round_box b = in_plane(whole, &plane);
        const ps_span rows = ps_span_of(b.y - b.h - 0.5, b.y + b.h + 0.5, plane.height);
        const ps_span columns = ps_span_of(b.x - b.w - 0.5, b.x + b.w + 0.5, plane.width);
        for (int32_t y = rows.first; y <= rows.last; y++) stretch(plane, b, -1.0f, ink.alpha, y, columns);
    }
}

void ps_draw_frame(
    const ps_canvas *canvas, double left, double top, double right, double bottom, double corner, double radius, ps_ink ink) {
    round_box whole;
    if (!ps_ink_is_visible(ink) || !(radius >= 0 && radius <= far_away) || !make(&whole, left, top, right, bottom, corner)) return;
    for (int i = 0; i < 3; i++) {
        const ps_plane plane = ps_plane_of(canvas, i, ink);
        const round_box b = in_plane(whole, &plane);
        const double r = radius * plane.scale, reach = r + 0.5, inner = fmax(reach, b.corner);
        const ps_span rows = ps_span_of(b.y - b.h - reach, b.y + b.h + reach, plane.height);
        const double west = b.x - b.w, east = b.x + b.w;
        const int apart = b.w > inner && reach < widest_upright / 2 - 1;
        // The rows where only the two upright edges are touched.
        const ps_span plain = apart ? ps_span_of(b.y - b.h + inner, b.y + b.h - inner, plane.height) : (ps_span){0, -1};
        if (plain.first <= plain.last) {
            upright(plane, west, r, ink.alpha, plain);
            upright(plane, east, r, ink.alpha, plain);
        }
        for (int32_t y = rows.first; y <= rows.last; y++) {
            if (y == plain.first && plain.first <= plain.last) {
                y = plain.last;
                continue;
            }
            stretch(plane, b, (float)r, ink.alpha, y, ps_span_of(west - reach, east + reach, plane.width));
        }
    }
}
