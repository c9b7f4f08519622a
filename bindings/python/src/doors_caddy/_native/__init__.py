"""The C API as it is: structs, functions, and the library that has them. Nothing above this folder is imported here."""
