#ifndef PS_WAITING_H
#define PS_WAITING_H
#include <sched.h>
#include <time.h>

// For threads that wait a few microseconds for one another.

// Tells the processor that this is a waiting loop.
static inline void ps_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

// Lets another thread have this core.
static inline void ps_yield(void) { sched_yield(); }

// Sleeps for about 50 microseconds.
static inline void ps_nap(void) {
    const struct timespec time = {0, 50000};
    nanosleep(&time, 0);
}

#endif
