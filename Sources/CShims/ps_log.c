#include "ps_log.h"
#include <libavutil/log.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 16, LINE = 256, KNOWN = 256 };

struct ps_log {
    pthread_mutex_t lock;
    int64_t errors;
    bool truncation;
    int kinds;
    const char *format[KINDS];  // the address of the format string tells the kind
    char line[KINDS][LINE];
};

// Logs that a context's `opaque` may point to. A foreign context's `opaque` is never followed, only compared.
static _Atomic(ps_log *) known[KNOWN];
static _Thread_local ps_log *of_this_thread;

static ps_log *known_log(void *opaque) {
    if (!opaque) return NULL;
    for (int i = 0; i < KNOWN; i++)
        if (atomic_load_explicit(&known[i], memory_order_acquire) == opaque) return opaque;
    return NULL;
}

static ps_log *log_of(void *context) {
    if (!context) return of_this_thread;
    const AVClass *class = *(const AVClass **)context;
    ps_log *log = NULL;
    if (class == avcodec_get_class()) log = known_log(((AVCodecContext *)context)->opaque);
    else if (class == avformat_get_class()) log = known_log(((AVFormatContext *)context)->opaque);
    return log ? log : of_this_thread;
}

static void keep(ps_log *log, void *context, int level, const char *format, va_list arguments) {
    char line[LINE];
    int prefix = 1;
    av_log_format_line2(context, level, format, arguments, line, sizeof line, &prefix);
    line[strcspn(line, "\r\n")] = 0;
    pthread_mutex_lock(&log->lock);
    log->errors++;
    // Only of containers: decoders speak of truncation when some inner field is short.
    bool is_container = context && *(const AVClass **)context == avformat_get_class();
    if (is_container && (strstr(line, "ended prematurely") || strstr(line, "partial file"))) log->truncation = true;
    bool seen = false;
    for (int i = 0; i < log->kinds && !seen; i++) seen = log->format[i] == format;
    if (!seen && log->kinds < KINDS && line[0]) {
        log->format[log->kinds] = format;
        memcpy(log->line[log->kinds++], line, sizeof line);
    }
    pthread_mutex_unlock(&log->lock);
}

static void receive(void *context, int level, const char *format, va_list arguments) {
    level &= 0xff;  // the upper bits ask for a colour
    ps_log *log = log_of(context);
    if (!log) av_log_default_callback(context, level, format, arguments);
    else if (level <= AV_LOG_ERROR) keep(log, context, level, format, arguments);
}

static void install(void) { av_log_set_callback(receive); }

ps_log *ps_log_new(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    ps_log *log = calloc(1, sizeof *log);
    if (!log) return NULL;
    pthread_mutex_init(&log->lock, NULL);
    for (int i = 0; i < KNOWN; i++) {  // when all places are taken the log still works by thread
        ps_log *nobody = NULL;
        if (atomic_compare_exchange_strong(&known[i], &nobody, log)) break;
    }
    return log;
}

void ps_log_free(ps_log *log) {
    if (!log) return;
    for (int i = 0; i < KNOWN; i++) {
        ps_log *self = log;
        if (atomic_compare_exchange_strong(&known[i], &self, NULL)) break;
    }
    pthread_mutex_destroy(&log->lock);
    free(log);
}

ps_log *ps_log_enter(ps_log *log) {
    ps_log *previous = of_this_thread;
    of_this_thread = log;
    return previous;
}

void ps_log_leave(ps_log *previous) { of_this_thread = previous; }

void ps_log_attach_format(AVFormatContext *context, ps_log *log) { context->opaque = log; }
void ps_log_attach_codec(AVCodecContext *context, ps_log *log) { context->opaque = log; }

int64_t ps_log_error_count(ps_log *log) {
    pthread_mutex_lock(&log->lock);
    int64_t errors = log->errors;
    pthread_mutex_unlock(&log->lock);
    return errors;
}

bool ps_log_tells_truncation(ps_log *log) {
    pthread_mutex_lock(&log->lock);
    bool truncation = log->truncation;
    pthread_mutex_unlock(&log->lock);
    return truncation;
}

bool ps_log_line(ps_log *log, int n, char *line, size_t size) {
    pthread_mutex_lock(&log->lock);
    bool exists = n >= 0 && n < log->kinds && size > 0;
    if (exists) {
        strncpy(line, log->line[n], size - 1);
        line[size - 1] = 0;
    }
    pthread_mutex_unlock(&log->lock);
    return exists;
}
