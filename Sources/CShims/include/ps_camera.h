#ifndef PS_CAMERA_H
#define PS_CAMERA_H
#include <stdbool.h>
#include <stddef.h>

// Whether a Video4Linux node gives pictures (metadata and output nodes do not), and what its driver calls it.
// Returns 0 and fills `name`, or an errno; ENOTTY for a node that gives no pictures.
int ps_camera_name(const char *path, char *name, size_t size);
// The nth compressed or raw format that the camera offers, as its driver names it ("Motion-JPEG"); false when there is none.
bool ps_camera_format(const char *path, int n, char *name, size_t size);

#endif
