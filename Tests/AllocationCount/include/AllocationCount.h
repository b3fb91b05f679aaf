#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

// Blocks that this thread has asked the C library for since it began. -1 where nobody counts (another C library, a sanitizer).
// Linking this target replaces malloc and its kin by functions that count and pass on.
long allocations_of_this_thread(void);

#endif
