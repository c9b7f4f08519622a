/* Tells ThreadSanitizer about the one part of a Rust lock that it cannot see.
 *
 * The standard library is compiled without instrumentation. Its lock is inlined into our code and
 * instrumented with it, except for the function that waits while another thread holds the lock. Without help,
 * the other thread's earlier writes would seem unordered. The linker (--wrap) redirects calls of that
 * function, LOCK_SYMBOL, to this one. */
#define NAME_OF(prefix) __asm__(prefix LOCK_SYMBOL)

void __tsan_acquire(void *address);

void real_lock(void *lock) NAME_OF("__real_");
void wrapped_lock(void *lock) NAME_OF("__wrap_");

void wrapped_lock(void *lock) {
    real_lock(lock);
    __tsan_acquire(lock);
}
