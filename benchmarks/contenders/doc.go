// Package contenders runs the proxies that are compared, each a process: our Caddy, a stock one of the same version, nginx.
//
//	process.go    a process, from start to end
//	port.go       free ports
//	cores.go      which process runs on which cores
//	caddyfile.go  the configurations of both Caddys
//	caddy.go      a Caddy
//	nginx.go      nginx
//
// They need Linux, and no network but 127.0.0.0/8.
package contenders
