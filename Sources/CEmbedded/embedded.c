#include "embedded.h"

extern const unsigned char ps_embedded_detector_begin[], ps_embedded_detector_end[];
extern const unsigned char ps_embedded_pose_begin[], ps_embedded_pose_end[];

ps_embedded_file ps_embedded_detector(void) {
    return (ps_embedded_file){ps_embedded_detector_begin, (size_t)(ps_embedded_detector_end - ps_embedded_detector_begin)};
}

ps_embedded_file ps_embedded_pose(void) {
    return (ps_embedded_file){ps_embedded_pose_begin, (size_t)(ps_embedded_pose_end - ps_embedded_pose_begin)};
}
