package pod

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
)

//go:embed page.js
var pageScript []byte

type resource struct {
	contentType string
	body        []byte
}

// loadResources returns the files under names made from their contents, so that they never change
// and are the same in every pod of a release.
func loadResources() (files map[string]resource, script string) {
	sum := sha256.Sum256(pageScript)
	script = hex.EncodeToString(sum[:8]) + ".page.js"
	return map[string]resource{script: {"text/javascript; charset=utf-8", pageScript}}, script
}

// ResourcePath returns the path of the page's script under this pod's token.
func (p *Pod) ResourcePath() string { return "/~/" + p.token + "/r/" + p.script }

func (p *Pod) serveResource(w http.ResponseWriter, r *http.Request, name string) {
	file, found := p.resources[name]
	if !found || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", file.contentType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	body, finish := compressed(w, r)
	defer finish()
	_, _ = io.Copy(body, bytes.NewReader(file.body))
}

// compressed returns a writer for the body, which compresses it if the client accepts gzip, and a
// function to call after the body.
func compressed(w http.ResponseWriter, r *http.Request) (io.Writer, func()) {
	w.Header().Add("Vary", "Accept-Encoding")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		return w, func() {}
	}
	w.Header().Set("Content-Encoding", "gzip")
	zipped := gzip.NewWriter(w)
	return zipped, func() { _ = zipped.Close() }
}
