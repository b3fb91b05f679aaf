#ifndef PS_EMBEDDED_H
#define PS_EMBEDDED_H

#include <stddef.h>

/// A file that is part of the program: read-only memory that lives as long as the program.
typedef struct {
    const void *bytes;
    size_t count;
} ps_embedded_file;

/// weights/compact_detector.safetensors
ps_embedded_file ps_embedded_detector(void);

/// weights/compact_pose.safetensors
ps_embedded_file ps_embedded_pose(void);

#endif
