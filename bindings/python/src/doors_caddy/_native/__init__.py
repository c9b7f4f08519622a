"""The C API: structs, functions, and the shared library. Imports nothing from the folder above."""
