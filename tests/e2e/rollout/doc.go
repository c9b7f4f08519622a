// Command rollout shows that a rolling deployment behind Caddy loses nothing. It runs upstreams of
// stand-in Doors pods, each pod in its own process. It replaces the pods again and again as a
// deployment does, and harms them on purpose, while hundreds of visitors use them. It prints a
// table, and fails if a visitor has lost anything that was not on a killed pod.
//
// A run consists of phases. plan.go lists them; the files deploy, scale, evict, harm, outage and
// links have one kind each.
package main
