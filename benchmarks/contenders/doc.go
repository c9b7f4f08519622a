// Package contenders runs the proxies to compare, each as a process: our Caddy, a stock Caddy of
// the same version, and nginx. It chooses their ports and cores.
//
// It needs Linux, and no network other than 127.0.0.0/8.
package contenders
