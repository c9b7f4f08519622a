// Package ledger judges what browsers met and adds it up: what a rollout must not do to them, and what it does where a pod
// was harmed on purpose.
//
//	outcome.go what a browser met, as it tells
//	judge.go   what it means, given what had happened to the pod
//	row.go     the numbers of one phase
//	ledger.go  the phases, and what is known about them all
//	table.go   the table
package ledger
