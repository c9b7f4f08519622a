package routing

// #include "doors_caddy.h"
import "C"

import "fmt"

// abiProblem is nil if the linked library has the interface for which this
// package was compiled. It may not, for example if a shared library was
// replaced later.
var abiProblem = checkABI(uint32(C.DOORS_ABI), uint32(C.doors_abi()), Version())

func checkABI(compiled, linked uint32, version string) error {
	if compiled == linked {
		return nil
	}
	// Without -a Go reuses what it compiled with the old header: it does not
	// hash headers outside its modules.
	return fmt.Errorf("doors: the library doors_caddy %s has interface %d, but this program was built for interface %d; "+
		"install the header of that library and build the program again with go build -a", version, linked, compiled)
}

// Version returns the version of the linked library, such as "0.2.0".
func Version() string { return C.GoString(C.doors_version()) }
