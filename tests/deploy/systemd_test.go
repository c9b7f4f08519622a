package deploy

import (
	"path/filepath"
	"strings"
	"testing"
)

const instance = "app@127.0.1.1.service"

// machine returns a root folder with the units and the programs that they name.
func machine(t *testing.T, appUnit string) string {
	t.Helper()
	root := t.TempDir()
	units := filepath.Join(root, "etc/systemd/system")
	write(t, filepath.Join(units, instance), appUnit, 0o644)
	write(t, filepath.Join(units, "caddy.service"), file(t, "systemd/caddy.service"), 0o644)
	for _, program := range []string{"srv/app/127.0.1.1/app", "usr/local/bin/caddy"} {
		write(t, filepath.Join(root, program), "#!/bin/sh\n", 0o755)
	}
	return root
}

// verify returns the output of systemd-analyze verify. The command succeeds even if it ignores a
// line.
func verify(t *testing.T, root string) string {
	t.Helper()
	output, ok := run(t, nil, "systemd-analyze", "verify", "--root="+root, "--recursive-errors=no", instance, "caddy.service")
	if !ok && output == "" {
		t.Fatal("systemd-analyze has failed without a word")
	}
	return output
}

func TestUnits(t *testing.T) {
	unit := file(t, "systemd/app@.service")
	root := machine(t, unit)
	if output := verify(t, root); output != "" {
		t.Errorf("systemd-analyze verify:\n%s", output)
	}
	for _, wrong := range []string{"Restart=on-failure", "TimeoutStopSec=1h", "ProtectHome=yes"} {
		if broken := strings.Replace(unit, wrong, wrong+"-x", 1); verify(t, machine(t, broken)) == "" {
			t.Errorf("systemd-analyze does not see %s-x: is this test blind?", wrong)
		}
	}
	// From 0 (confined) to 100 (exposed). The services of a unit without options have 96.
	for _, name := range []string{instance, "caddy.service"} {
		if output, ok := run(t, nil, "systemd-analyze", "security", "--root="+root, "--offline=true", "--threshold=20", "--no-pager", name); !ok {
			t.Errorf("%s is less confined than it was:\n%s", name, output)
		}
	}
}

// The four files use the same paths.
func TestOneMachineFits(t *testing.T) {
	app, script, caddyfile := file(t, "systemd/app@.service"), file(t, "systemd/deploy.sh"), file(t, "systemd/Caddyfile")
	for what, pair := range map[string][2]string{
		"addresses": {one(t, script, `APP_ADDRESSES:-([^}]*)}`), one(t, caddyfile, `\thost (.*)`)},
		"port":      {one(t, script, `APP_PORT:-([^}]*)}`), one(t, caddyfile, `upstream_port (.*)`)},
		"folder":    {one(t, script, `APP_FOLDER:-([^}]*)}`), one(t, app, `\nExecStart=(.*)/%i/app`)},
		"secret":    {one(t, app, `\nLoadCredential=doors-secret:(.*)`), one(t, caddyfile, `secret \{file\.([^}]+)\}`)},
		"Caddyfile": {one(t, file(t, "systemd/caddy.service"), `\nExecStart=.* --config (.*)`), "/etc/caddy/Caddyfile"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q in one file, %q in the other", what, pair[0], pair[1])
		}
	}
	validate(t, caddyfile)
}
