// Package child says how processes are started that must not outlive this one.
package child
