#ifndef CSHIMS_H
#define CSHIMS_H
#include <errno.h>
#include <libavformat/avformat.h>
static inline int ps_averror_eof(void) { return AVERROR_EOF; }
#endif
