/**
 * The C API as it is, documented in docs/c-api: for tests, and for what the classes of {@code dev.doors.caddy} do not offer.
 * Nothing here keeps a wrong pointer from the library.
 */
package dev.doors.caddy.c;
