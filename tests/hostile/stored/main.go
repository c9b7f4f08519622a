// Command stored stores a Go pointer in memory of C. It shows that GOEXPERIMENT=cgocheck2 finds
// such faults.
package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

func main() {
	place := (**byte)(C.malloc(C.size_t(unsafe.Sizeof(uintptr(0)))))
	*place = new(byte)
	fmt.Fprintln(os.Stderr, "hostile: made the fault stored")
}
