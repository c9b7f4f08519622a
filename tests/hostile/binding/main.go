//go:build planted_faults

// Command binding makes one fault through cgo, selected by name. It shows that `go build -asan`
// finds faults in the library.
package main

// #cgo pkg-config: doors_caddy
// #include <stdint.h>
// uint8_t planted_out_of_bounds(void);
// uint8_t planted_use_after_free(void);
// uint8_t planted_leak(void);
import "C"

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: binding FAULT")
		os.Exit(2)
	}
	switch os.Args[1] {
	case "none":
	case "out_of_bounds":
		C.planted_out_of_bounds()
	case "use_after_free":
		C.planted_use_after_free()
	case "leak":
		C.planted_leak()
	default:
		fmt.Fprintln(os.Stderr, "binding: no such fault")
		os.Exit(2)
	}
	fmt.Fprintf(os.Stderr, "hostile: made the fault %s\n", os.Args[1])
}
