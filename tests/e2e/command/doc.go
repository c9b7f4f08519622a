// Package command tests the output and the exit codes of `caddy doors`.
package command
