package command_test

import (
	"strings"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// A new key makes a token, and the token decodes to its address.
func TestKeys(t *testing.T) {
	t.Parallel()
	run := func(stdin string, arguments ...string) Result {
		return Command{Stdin: stdin, Arguments: append([]string{"doors"}, arguments...)}.Run(t)
	}
	key := run("", "keygen", "--bits", "192")
	if key.Code != 0 || key.Stderr != "" || len(key.Stdout) != 33 {
		t.Fatalf("%+v", key)
	}
	token := run(key.Stdout, "encode", "10.0.0.7", "--secret-file", "-")
	id := run(key.Stdout, "keyid", "--secret-file", "-")
	address := run(key.Stdout, "decode", strings.TrimSpace(token.Stdout), "--secret-file", "-")
	if want := "10.0.0.7 key 0 (" + strings.TrimSpace(id.Stdout) + ")\n"; address.Code != 0 || address.Stdout != want || address.Stderr != "" {
		t.Errorf("got %+v, want %q", address, want)
	}
	other := Command{Env: []string{"DOORS_SECRET=" + NewSecret(32)}, Arguments: []string{"doors", "decode", strings.TrimSpace(token.Stdout)}}.Run(t)
	if other.Code != 1 || other.Stdout != "" || !strings.Contains(other.Stderr, "no key opens the token") {
		t.Errorf("%+v", other)
	}
	if usage := run("", "encode"); usage.Code != 2 || usage.Stdout != "" || usage.Stderr == "" {
		t.Errorf("%+v", usage)
	}
}

// Shell completion offers the commands and their flags.
func TestCompletion(t *testing.T) {
	t.Parallel()
	script := Command{Arguments: []string{"completion", "bash"}}.Run(t)
	for _, want := range []string{"_caddy_doors_explain()", "_caddy_doors_wait()", "--secret-file", "--probe"} {
		if !strings.Contains(script.Stdout, want) {
			t.Errorf("the script for bash lacks %s", want)
		}
	}
	commands := Command{Arguments: []string{"__complete", "doors", ""}}.Run(t)
	for _, want := range []string{"check", "decode", "encode", "explain", "keygen", "keyid", "top", "wait"} {
		if !strings.Contains(commands.Stdout, want+"\t") {
			t.Errorf("%s is not offered: %s", want, commands.Stdout)
		}
	}
	if bits := (Command{Arguments: []string{"__complete", "doors", "keygen", "--bits", ""}}).Run(t); !strings.HasPrefix(bits.Stdout, "128\n192\n256\n") {
		t.Errorf("%+v", bits)
	}
	if help := (Command{Arguments: []string{"help", "doors"}}).Run(t); help.Code != 0 || !strings.Contains(help.Stdout, "Exit codes") {
		t.Errorf("%+v", help)
	}
}
