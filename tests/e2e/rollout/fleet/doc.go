// Package fleet runs the pods of a rollout and records what happens to each. The pods are separate
// processes, so that SIGKILL and SIGSTOP are real.
package fleet
