//! Requests that wait for DNS or for a pod.

mod holding;
mod lookups;
mod seeking;
