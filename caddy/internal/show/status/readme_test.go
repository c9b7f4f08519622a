package status

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// names collects the JSON names of a type and of all types in it.
func names(t reflect.Type, into map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		names(t.Elem(), into)
	case reflect.Struct:
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			into[name] = true
			names(field.Type, into)
		}
	}
}

// docs/status.md names each member of the JSON.
func TestPageNamesAll(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, name := range regexp.MustCompile("[`\"\\].]([a-z_]+)[`\"\\[]").FindAllStringSubmatch(string(page), -1) {
		said[name[1]] = true
	}
	members := map[string]bool{}
	names(reflect.TypeFor[State](), members)
	names(reflect.TypeFor[Idle](), members)
	if len(members) < 30 {
		t.Fatalf("only %d members", len(members))
	}
	for name := range members {
		if !said[name] {
			t.Errorf("docs/status.md does not mention %s", name)
		}
	}
	for _, value := range []string{string(Fresh), string(Outside), string(Draining), string(Unknown), string(Alive), string(Unreachable), string(Gone), string(IsIdle), string(Busy), string(JustStarted)} {
		if !said[value] {
			t.Errorf("docs/status.md does not mention %s", value)
		}
	}
}
