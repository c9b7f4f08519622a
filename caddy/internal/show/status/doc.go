// Package status serves the state of a rollout: as JSON, as a page, and as the answer to whether a
// pod may be stopped. It defines the JSON and the orders to evict pods.
//
// It does not import package config: all data comes from a Reporter.
package status
