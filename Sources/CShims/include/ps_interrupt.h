#ifndef PS_INTERRUPT_H
#define PS_INTERRUPT_H
#include <libavformat/avformat.h>
#include <stdbool.h>

// A switch with a deadline that ends FFmpeg's blocking calls. Every function may be called from any thread.
typedef struct ps_interrupt ps_interrupt;

// `parent`, when not NULL, must outlive the new switch; its cancellation counts here as well. NULL when out of memory.
ps_interrupt *ps_interrupt_new(ps_interrupt *parent);
void ps_interrupt_free(ps_interrupt *interrupt);

void ps_interrupt_cancel(ps_interrupt *interrupt);
bool ps_interrupt_is_cancelled(const ps_interrupt *interrupt);

// Blocking calls end `microseconds` from now; 0 or less takes the deadline away.
void ps_interrupt_set_deadline(ps_interrupt *interrupt, int64_t microseconds);
bool ps_interrupt_is_expired(const ps_interrupt *interrupt);

// Not 0 when a blocking call should end.
int ps_interrupt_check(void *interrupt);
// Makes `context`, which was allocated but not yet opened, ask `interrupt`.
void ps_interrupt_attach(AVFormatContext *context, ps_interrupt *interrupt);

#endif
