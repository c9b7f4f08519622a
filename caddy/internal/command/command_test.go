package command

import (
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
)

func TestUnknownCommand(t *testing.T) {
	caddytest.RunCommand(t, New(), "", "dance").Wants(t, cli.ExitCannot, "dance")
	caddytest.RunCommand(t, New(), "", "keygen", "--dance").Wants(t, cli.ExitCannot, "dance")
	caddytest.RunCommand(t, New(), "", "statsu").Wants(t, cli.ExitCannot, `unknown command "statsu"; did you mean status?`)
	caddytest.RunCommand(t, New(), "", "status", "--adress", "x").Wants(t, cli.ExitCannot, "unknown flag: --adress; did you mean --address?")
	if help := caddytest.RunCommand(t, New(), ""); help.Code != 0 || !strings.Contains(help.Stdout, "Exit codes") {
		t.Errorf("%+v", help)
	}
}

// Each command documents itself, with an example.
func TestHelp(t *testing.T) {
	for _, name := range []string{"keygen", "keyid", "encode", "decode", "explain", "check", "wait", "status", "top", "evict"} {
		help := caddytest.RunCommand(t, New(), "", name, "--help")
		if help.Code != 0 || help.Stderr != "" || !strings.Contains(help.Stdout, "Examples:\n  ") || !strings.Contains(help.Stdout, "caddy doors "+name) {
			t.Errorf("%s: %+v", name, help)
		}
	}
}
