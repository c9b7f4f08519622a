package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Only the story's own page can give orders, and it loads nothing from elsewhere.
func TestStory(t *testing.T) {
	fleet, out := testFleet(t)
	story, err := startStory(fleet.chosen, fleet, fleet.screen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(story.stop)
	base := "http://" + story.listener.Addr().String()
	get := func(path string) string {
		answer, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, answer.Status, err)
		}
		return string(text)
	}
	post := func(path, contentType string) int {
		answer, err := http.Post(base+path, contentType, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}

	for _, address := range regexp.MustCompile(`https?://[^"' ]*`).FindAllString(get("/")+get("/story.css")+get("/story.js"), -1) {
		if address != fleet.chosen.url(fleet.chosen.listen)+"/" {
			t.Errorf("the page has %s", address)
		}
	}
	if status := post("/deploy", "text/plain"); status != http.StatusUnsupportedMediaType || fleet.busy.Load() {
		t.Errorf("an order that another site may send: %d", status)
	}
	for range 2 { // the second one is too early
		if status := post("/deploy", "application/json"); status != http.StatusNoContent || !fleet.busy.Load() {
			t.Errorf("an order: %d", status)
		}
	}
	until(t, fleet, out, "Version 1 (teal) is up on 127.0.1.1 and 127.0.1.2")
	if events := get("/events?after=0"); !strings.Contains(events, `"name":"teal"`) || !strings.Contains(events, `"text":"Version 1 (teal) is up`) || !strings.Contains(events, `"busy":false`) {
		t.Error(events)
	}
	if events := get("/events?after=1"); !strings.Contains(events, `"events":[]`) {
		t.Error(events)
	}
	if status := post("/kill", "application/json"); status != http.StatusNoContent {
		t.Errorf("an order: %d", status)
	}
	until(t, fleet, out, "was killed")
	if fleet.current.Number != 1 {
		t.Errorf("two orders at once made version %d", fleet.current.Number)
	}
}
