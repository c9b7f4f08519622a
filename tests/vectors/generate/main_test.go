package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestFilesAreFresh(t *testing.T) {
	for name, content := range files() {
		old, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(old, render(content)) {
			t.Errorf("%s differs; run: go run ./tests/vectors/generate", name)
		}
	}
}

func TestRunWritesWhatItChecks(t *testing.T) {
	dir := t.TempDir()
	if err := run(dir, true); err == nil {
		t.Error("an empty folder passes the check")
	}
	if err := run(dir, false); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err != nil {
		t.Error(err)
	}
}

// Names identify vectors, so each must be unique in its list.
func TestNamesAreUnique(t *testing.T) {
	unique := func(list string, names []string) {
		seen := map[string]bool{}
		for _, name := range names {
			if name == "" || seen[name] {
				t.Errorf("%s: %q is there twice or empty", list, name)
			}
			seen[name] = true
		}
	}
	tokens, secrets, cidrs, configs := tokenVectors(), secretVectors(), cidrVectors(), configVectors()
	unique("tokens accepted", namesOf(tokens.Accepted, func(v acceptedToken) string { return v.Name }))
	unique("tokens encoded", namesOf(tokens.Encoded, func(v encodedToken) string { return v.Name }))
	unique("tokens refused", namesOf(tokens.Refused, func(v refusedToken) string { return v.Name }))
	unique("secrets accepted", namesOf(secrets.Accepted, func(v acceptedSecret) string { return v.Name }))
	unique("secrets refused", namesOf(secrets.Refused, func(v refusedSecret) string { return v.Name }))
	unique("CIDR tables", namesOf(cidrs.Tables, func(v cidrTable) string { return v.Name }))
	unique("CIDRs refused", namesOf(cidrs.Refused, func(v refusedCIDRs) string { return v.Name }))
	unique("configs accepted", namesOf(configs.Accepted, func(v acceptedConfig) string { return v.Name }))
	unique("configs refused", namesOf(configs.Refused, func(v refusedConfig) string { return v.Name }))
	for _, router := range decisionVectors().Routers {
		unique(router.Name, namesOf(router.Requests, func(v request) string { return v.Name }))
	}
}

func namesOf[T any](list []T, name func(T) string) (names []string) {
	for _, entry := range list {
		names = append(names, name(entry))
	}
	return names
}
