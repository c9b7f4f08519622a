// Package ledger judges what happens to browsers and adds it up: what a rollout must never do to
// them, and what it may do to pages of pods that were harmed on purpose. It prints the result as a
// table with a row for each phase.
package ledger
