// Package child has the attributes of processes that must end with this one.
package child
