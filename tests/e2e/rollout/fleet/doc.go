// Package fleet runs the pods of a rollout: processes of their own, so that SIGKILL and SIGSTOP are real, and keeps the
// record of what happened to each.
//
//	life.go    what has happened to one pod, and what that excuses
//	child.go   the process of a pod, seen from inside
//	process.go the process of a pod, seen from outside
//	fleet.go   all pods: addresses, DNS, deployments
package fleet
