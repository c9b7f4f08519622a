// Package pages measures the cost of an open page: the memory of the proxy for each waiting stream,
// and how many pages a pod can have before the ports of one address run out. It compares our Caddy,
// a stock Caddy and nginx.
package pages
