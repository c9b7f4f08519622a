// Package harness starts what the end-to-end tests need: real Caddy binaries, stand-in Doors pods,
// and clients for HTTP/1.1, HTTP/2 and HTTP/3.
//
// All addresses are in 127.0.0.0/8 and all ports are free ones, so that tests can run in parallel.
// Everything ends with the test that started it.
package harness
