#include "drawing_plane.h"

// A segment in a plane's own coordinates.
typedef struct { double ax, ay, bx, by, radius; } segment;

static int is_sound(segment s) {
    return isfinite(s.ax) && isfinite(s.ay) && isfinite(s.bx) && isfinite(s.by) && isfinite(s.radius) && s.radius >= 0
        && isfinite(s.bx - s.ax) && isfinite(s.by - s.ay);
}

// Cuts the segment to the plane grown by the reach of a pixel's coverage (Liang and Barsky). What is cut off is too far from
// every pixel to be seen, and what is left has coordinates that float can carry. Zero when nothing is left.
static int cut(segment *s, int32_t width, int32_t height) {
    const double reach = s->radius + 2.0;
    const double dx = s->bx - s->ax, dy = s->by - s->ay;
    const double step[4] = {-dx, dx, -dy, dy};
    const double room[4] = {
        s->ax + reach, width - 1 + reach - s->ax, s->ay + reach, height - 1 + reach - s->ay,
    };
    double first = 0.0, last = 1.0;
    for (int i = 0; i < 4; i++) {
        if (step[i] == 0.0) {
            if (room[i] < 0.0) return 0;
            continue;
        }
        const double t = room[i] / step[i];
        if (step[i] < 0.0) { if (t > first) first = t; } else if (t < last) last = t;
    }
    if (!(first <= last)) return 0;
    const segment whole = *s;
    if (first > 0.0) { s->ax = whole.ax + first * dx; s->ay = whole.ay + first * dy; }
    if (last < 1.0) { s->bx = whole.ax + last * dx; s->by = whole.ay + last * dy; }
    return 1;
}

// The points nearer than `reach` to the segment: a convex set bounded by a circle around either end and two parallels, so the
// ends of its stretch on a row lie on one of these.
typedef struct {
    segment s;
    double reach;
    double slope;                            // x by y along the segment
    double x[2], top[2], bottom[2];          // the parallels: x at row 0, and the rows between which each runs
} outline;

static outline outline_of(segment s, double reach) {
    outline o = {.s = s, .reach = reach, .top = {INFINITY, INFINITY}, .bottom = {-INFINITY, -INFINITY}};
    const double dx = s.bx - s.ax, dy = s.by - s.ay, length = sqrt(dx * dx + dy * dy);
    if (dy == 0.0) return o;
    o.slope = dx / dy;
    for (int i = 0; i < 2; i++) {
        const double side = i ? reach : -reach, ox = -dy / length * side, oy = dx / length * side;
        o.x[i] = s.ax + ox - (s.ay + oy) * o.slope;
        o.top[i] = fmin(s.ay, s.by) + oy;
        o.bottom[i] = fmax(s.ay, s.by) + oy;
    }
    return o;
}

static void widen(double x, double *low, double *high) {
    if (x < *low) *low = x;
    if (x > *high) *high = x;
}

static void row_of(const outline *o, double y, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    const double ends[2][2] = {{o->s.ax, o->s.ay}, {o->s.bx, o->s.by}};
    for (int i = 0; i < 2; i++) {
        const double h = y - ends[i][1];
        if (h > o->reach || h < -o->reach) continue;
        const double w = sqrt(o->reach * o->reach - h * h);
        widen(ends[i][0] - w, low, high);
        widen(ends[i][0] + w, low, high);
    }
    for (int i = 0; i < 2; i++)
        if (y >= o->top[i] && y <= o->bottom[i]) widen(o->x[i] + y * o->slope, low, high);
}

static inline float coverage(float x, float y, float dx, float dy, float inverse, float edge) {
    const float t = ps_unit((x * dx + y * dy) * inverse);
    const float ex = x - t * dx, ey = y - t * dy;
    return ps_unit(edge - __builtin_elementwise_sqrt(ex * ex + ey * ey));
}

static void draw(ps_plane plane, segment s, float alpha) {
    s.ax = s.ax * plane.scale + plane.shift;
    s.ay = s.ay * plane.scale + plane.shift;
    s.bx = s.bx * plane.scale + plane.shift;
    s.by = s.by * plane.scale + plane.shift;
    s.radius *= plane.scale;
    if (!cut(&s, plane.width, plane.height)) return;
    const double reach = s.radius + 0.5;
    const float dx = (float)(s.bx - s.ax), dy = (float)(s.by - s.ay), edge = (float)reach;
    const float square = dx * dx + dy * dy, inverse = square > 0.0f ? 1.0f / square : 0.0f;
    const float value = plane.sample;
    const outline around = outline_of(s, reach);
    const ps_span rows = ps_span_of(fmin(s.ay, s.by) - reach, fmax(s.ay, s.by) + reach, plane.height);
    for (int32_t y = rows.first; y <= rows.last; y++) {
        double low, high;
        row_of(&around, y, &low, &high);
        const ps_span columns = ps_span_of(low, high, plane.width);
        uint8_t *restrict line = plane.base + y * plane.row;
        const float fy = (float)(y - s.ay), fx = (float)-s.ax;
        PS_SHORT_LOOP
        for (int32_t x = columns.first; x <= columns.last; x++)
            line[x] = ps_blend(line[x], value, alpha * coverage((float)x + fx, fy, dx, dy, inverse, edge));
    }
}

void ps_draw_capsule(const ps_canvas *canvas, double ax, double ay, double bx, double by, double radius, ps_ink ink) {
    const segment s = {ax, ay, bx, by, radius};
    if (!is_sound(s) || !ps_ink_is_visible(ink)) return;
    for (int i = 0; i < 3; i++) draw(ps_plane_of(canvas, i, ink), s, ink.alpha);
}

void ps_mask_capsule(
    uint8_t *mask, int32_t width, int32_t height, ptrdiff_t row, double ax, double ay, double bx, double by, double radius) {
    segment s = {ax, ay, bx, by, radius};
    if (!is_sound(s) || !cut(&s, width, height)) return;
    const double reach = s.radius + 0.5;
    const float dx = (float)(s.bx - s.ax), dy = (float)(s.by - s.ay);
    const float square = dx * dx + dy * dy, inverse = square > 0.0f ? 1.0f / square : 0.0f;
    const outline around = outline_of(s, reach);
    const ps_span rows = ps_span_of(fmin(s.ay, s.by) - reach, fmax(s.ay, s.by) + reach, height);
    for (int32_t y = rows.first; y <= rows.last; y++) {
        double low, high;
        row_of(&around, y, &low, &high);
        const ps_span columns = ps_span_of(low, high, width);
        for (int32_t x = columns.first; x <= columns.last; x++) {
            const float c = coverage((float)(x - s.ax), (float)(y - s.ay), dx, dy, inverse, (float)reach);
            const uint8_t sample = (uint8_t)(c * 255.0f + 0.5f);
            if (sample > mask[y * row + x]) mask[y * row + x] = sample;
        }
    }
}
