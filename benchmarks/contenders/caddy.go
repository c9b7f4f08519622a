package contenders

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// Binaries are the paths of the two Caddys.
type Binaries struct{ Ours, Stock string }

// Absolute makes both paths absolute: the processes run in their own folders.
func (b Binaries) Absolute() (_ Binaries, err error) {
	for _, binary := range []*string{&b.Ours, &b.Stock} {
		if *binary, err = filepath.Abs(*binary); err != nil {
			return b, err
		}
	}
	return b, nil
}

// Caddy is a Caddy process.
type Caddy struct {
	*Process
	Places Places
}

// Places are the TCP ports of a proxy on 127.0.0.1. Nginx has no admin API.
type Places struct{ Admin, HTTP, HTTPS int }

// NewPlaces chooses free ports.
func NewPlaces() (places Places, err error) {
	for _, port := range []*int{&places.Admin, &places.HTTP, &places.HTTPS} {
		if *port, err = FreePort(); err != nil {
			return places, err
		}
	}
	return places, nil
}

// URL returns the URL of a path of the admin API.
func (p Places) URL(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", p.Admin, path) }

// StartCaddy runs a binary in a new folder below the given one, and waits until it serves the
// directive over HTTP and HTTPS.
func StartCaddy(on, binary, folder string, certificate Certificate, directive string) (*Caddy, error) {
	places, err := NewPlaces()
	if err != nil {
		return nil, err
	}
	if folder, err = os.MkdirTemp(folder, "caddy-"); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, []byte(site(places, certificate, directive)), 0o600); err != nil {
		return nil, err
	}
	ready := func() bool {
		answer, err := http.Get(places.URL("/config/"))
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return true
	}
	process, err := Start(on, folder, ready, binary, "run", "--config", path, "--adapter", "caddyfile")
	return &Caddy{process, places}, err
}
