// Tells ThreadSanitizer what it cannot see of Swift's Mutex.
//
// On Linux a Mutex is an atomic number. Taking a free one and giving it back while nobody waits is compiled into our code, where the
// sanitizer sees it; waiting, and waking who waits, happens in libswiftSynchronization, which is not instrumented. Without this every
// lock that was waited for looks as if it had not been taken, and what it guards like a race. Loaded with LD_PRELOAD by
// Tests/Sanitizers/run; programs without the sanitizer do not notice.
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

// _MutexHandle._lockSlow(_:), with the id of the thread.
SWIFT void lock_slow(uint32_t thread, SELF void *handle) __asm__(LOCK_SLOW);
// _MutexHandle._unlockSlow()
SWIFT void unlock_slow(SELF void *handle) __asm__(UNLOCK_SLOW);

SWIFT void lock_slow(uint32_t thread, SELF void *handle) {
    typedef SWIFT void (*lock)(uint32_t, SELF void *);
    ((lock)dlsym(RTLD_NEXT, LOCK_SLOW))(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF void *handle) {
    typedef SWIFT void (*unlock)(SELF void *);
    if (__tsan_release) __tsan_release(handle);
    ((unlock)dlsym(RTLD_NEXT, UNLOCK_SLOW))(handle);
}
