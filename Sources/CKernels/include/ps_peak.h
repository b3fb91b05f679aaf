#ifndef PS_PEAK_H
#define PS_PEAK_H
#include <stdint.h>

// What the processor can do at most: independent fused multiply-adds on registers, nothing else.
// Runs `rounds` rounds with the widest vectors of this processor and returns the number of floating-point operations done
// (a multiply-add is two). `sink` receives a value that depends on all of them, so that none can be left out.
int64_t ps_peak_run(int64_t rounds, float *sink);
#endif
