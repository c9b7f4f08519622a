package status

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

var (
	page = []byte(strings.NewReplacer("/* page.css */", pageCSS, "/* page.js */", pageJS).Replace(pageHTML))

	// Script and style are allowed by their hashes. The page may load nothing but the state.
	pagePolicy = "default-src 'none'; script-src " + hashOf(pageJS) + "; style-src " + hashOf(pageCSS) +
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// hashOf returns the source expression of an inline element (Content Security Policy Level 3,
// section 2.3.1).
func hashOf(text string) string {
	hash := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
}

func servePage(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("X-Frame-Options", "DENY") // frame-ancestors for old browsers
	header.Set("Referrer-Policy", "no-referrer")
	write(w, r, http.StatusOK, page)
}
