// Package command tests `caddy doors` from the outside: what it prints where, and the codes it exits with.
package command
