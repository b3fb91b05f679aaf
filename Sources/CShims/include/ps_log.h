#ifndef PS_LOG_H
#define PS_LOG_H
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdbool.h>

// What FFmpeg wanted to print about one source or writer, counted and kept instead of printed.
//
// FFmpeg has one log callback a process. Ours finds the log that a line belongs to by the context that speaks
// (`ps_log_attach_*`) or else by the thread (`ps_log_enter`); lines of nobody go on to FFmpeg's own printing.
typedef struct ps_log ps_log;

// NULL when out of memory.
ps_log *ps_log_new(void);
// Only after the contexts that were attached to it are freed.
void ps_log_free(ps_log *log);

// Lines of the calling thread belong to `log` until `ps_log_leave` is given what this returned.
ps_log *ps_log_enter(ps_log *log);
void ps_log_leave(ps_log *previous);
// Takes the `opaque` field of the context, so that lines of its worker threads are found as well.
void ps_log_attach_format(AVFormatContext *context, ps_log *log);
void ps_log_attach_codec(AVCodecContext *context, ps_log *log);

// Lines of level error or worse.
int64_t ps_log_error_count(ps_log *log);
// A line said that the file ends before its container is complete.
bool ps_log_tells_truncation(ps_log *log);
// The first line of the nth kind of error (two lines of one place in FFmpeg's code are of one kind), without its newline.
// False when there is no such kind; few kinds are kept.
bool ps_log_line(ps_log *log, int n, char *line, size_t size);

#endif
