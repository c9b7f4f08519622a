// Package blackhole makes addresses of this machine swallow every packet, like the address of a
// node that has lost power: dials time out, and open connections get no data.
//
// It works only in a network namespace of its own, where it cannot affect other programs. [In]
// restarts the program in one.
package blackhole
