#include "ps_camera.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int ps_camera_name(const char *path, char *name, size_t size) {
    int node = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (node < 0) return errno;
    struct v4l2_capability capability;
    memset(&capability, 0, sizeof capability);
    int code = ioctl(node, VIDIOC_QUERYCAP, &capability) < 0 ? errno : 0;
    close(node);
    if (code) return code;
    __u32 can = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps : capability.capabilities;
    if (!(can & V4L2_CAP_VIDEO_CAPTURE)) return ENOTTY;
    snprintf(name, size, "%.*s", (int)sizeof capability.card, (const char *)capability.card);
    return 0;
}

bool ps_camera_format(const char *path, int n, char *name, size_t size) {
    int node = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (node < 0) return false;
    struct v4l2_fmtdesc format;
    memset(&format, 0, sizeof format);
    format.index = (__u32)n;
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    bool exists = ioctl(node, VIDIOC_ENUM_FMT, &format) == 0;
    close(node);
    if (exists) snprintf(name, size, "%.*s", (int)sizeof format.description, (const char *)format.description);
    return exists;
}
