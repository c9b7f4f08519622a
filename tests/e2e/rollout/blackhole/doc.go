// Package blackhole makes addresses of this machine swallow every packet, as the address of a node that has lost power
// does: dials time out, and open connections hear nothing.
//
// It works in a network namespace of its own only, where no other program can be hit. In re-executes the program there.
package blackhole
