package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed story.html
var storyHTML string

//go:embed story.css
var storyCSS string

//go:embed story.js
var storyJS string

var storyPage = template.Must(template.New("story").Parse(storyHTML))

// story serves a page with the app next to the status, the events, and buttons for orders to the
// fleet. Caddy proxies it from an address that only Caddy uses.
type story struct {
	listener net.Listener
	server   *http.Server
}

func startStory(chosen options, fleet *fleet, screen *screen) (*story, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := storyPage.Execute(&page, map[string]string{"App": chosen.url(chosen.listen) + "/"}); err != nil {
		return nil, err
	}
	paths := http.NewServeMux()
	for path, file := range map[string]struct{ contentType, text string }{
		"GET /{$}":       {"text/html; charset=utf-8", page.String()},
		"GET /story.css": {"text/css; charset=utf-8", storyCSS},
		"GET /story.js":  {"text/javascript; charset=utf-8", storyJS},
	} {
		paths.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", file.contentType)
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(file.text))
		})
	}
	paths.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		version, events := screen.after(after)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"version": version.Number, "name": version.Name, "colour": version.Colour, "busy": fleet.busy.Load(), "events": events,
		})
	})
	for path, order := range map[string]func(){"POST /deploy": fleet.orderDeploy, "POST /kill": fleet.orderKill} {
		paths.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			// Other sites cannot send this type without a preflight request.
			if r.Header.Get("Content-Type") != "application/json" {
				w.WriteHeader(http.StatusUnsupportedMediaType)
				return
			}
			order()
			w.WriteHeader(http.StatusNoContent)
		})
	}
	s := &story{listener, &http.Server{Handler: paths, ReadHeaderTimeout: 10 * time.Second}}
	go func() { _ = s.server.Serve(listener) }() // until stop
	return s, nil
}

func (s *story) stop() { _ = s.server.Close() }
