#include "ps_interrupt.h"
#include <libavutil/time.h>
#include <stdatomic.h>
#include <stdlib.h>

struct ps_interrupt {
    _Atomic int64_t deadline;  // microseconds of the monotonic clock; 0: none
    atomic_bool cancelled;
    const ps_interrupt *parent;
};

ps_interrupt *ps_interrupt_new(ps_interrupt *parent) {
    ps_interrupt *interrupt = calloc(1, sizeof *interrupt);
    if (!interrupt) return NULL;
    atomic_init(&interrupt->deadline, 0);
    atomic_init(&interrupt->cancelled, false);
    interrupt->parent = parent;
    return interrupt;
}

void ps_interrupt_free(ps_interrupt *interrupt) { free(interrupt); }

void ps_interrupt_cancel(ps_interrupt *interrupt) { atomic_store(&interrupt->cancelled, true); }

bool ps_interrupt_is_cancelled(const ps_interrupt *interrupt) {
    for (; interrupt; interrupt = interrupt->parent)
        if (atomic_load_explicit(&interrupt->cancelled, memory_order_relaxed)) return true;
    return false;
}

void ps_interrupt_set_deadline(ps_interrupt *interrupt, int64_t microseconds) {
    int64_t now = av_gettime_relative();
    int64_t deadline = microseconds <= 0 ? 0 : microseconds > INT64_MAX - now ? INT64_MAX : now + microseconds;
    atomic_store_explicit(&interrupt->deadline, deadline, memory_order_relaxed);
}

bool ps_interrupt_is_expired(const ps_interrupt *interrupt) {
    int64_t deadline = atomic_load_explicit(&interrupt->deadline, memory_order_relaxed);
    return deadline != 0 && av_gettime_relative() > deadline;
}

int ps_interrupt_check(void *interrupt) {
    return ps_interrupt_is_cancelled(interrupt) || ps_interrupt_is_expired(interrupt);
}

void ps_interrupt_attach(AVFormatContext *context, ps_interrupt *interrupt) {
    context->interrupt_callback.callback = ps_interrupt_check;
    context->interrupt_callback.opaque = interrupt;
}
