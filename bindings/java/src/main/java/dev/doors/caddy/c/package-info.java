/**
 * The functions of the C API, documented in docs/c-api.md. Pointers are not checked.
 */
package dev.doors.caddy.c;
