/* Tells ThreadSanitizer about the one part of a Rust lock that it cannot see.
 *
 * The standard library comes compiled without instrumentation. Its lock is inlined into ours, and so instrumented,
 * but for the function that waits when another thread holds the lock: what the other thread did before it let go would
 * seem unordered. The linker (--wrap) sends the calls of that function, LOCK_SYMBOL, through this one. */
#define NAME_OF(prefix) __asm__(prefix LOCK_SYMBOL)

void __tsan_acquire(void *address);

void real_lock(void *lock) NAME_OF("__real_");
void wrapped_lock(void *lock) NAME_OF("__wrap_");

void wrapped_lock(void *lock) {
    real_lock(lock);
    __tsan_acquire(lock);
}
