package command

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/go"
)

const (
	oldKey = "AAECAwQFBgcICQoLDA0ODw=="
	newKey = "EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8="
)

func TestKeygen(t *testing.T) {
	for bits, bytes := range map[string]int{"": 32, "128": 16, "192": 24, "256": 32} {
		args := []string{"keygen"}
		if bits != "" {
			args = append(args, "--bits", bits)
		}
		first, second := runDoors(t, Module{}, "", args...), runDoors(t, Module{}, "", args...)
		first.wants(t, 0, "")
		key, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(first.stdout, "\n"))
		if err != nil || len(key) != bytes {
			t.Errorf("--bits %s: %d bytes, %v", bits, len(key), err)
		}
		if first.stdout == second.stdout {
			t.Error("the same key twice")
		}
		if _, err := doors.NewCipher(first.stdout); err != nil {
			t.Error(err)
		}
	}
	for _, bits := range []string{"0", "-128", "64", "257", "many"} {
		runDoors(t, Module{}, "", "keygen", "--bits="+bits).wants(t, exitCannot, "bits")
	}
	runDoors(t, Module{}, "", "keygen", "256").wants(t, exitCannot, "0 arguments, not 1")
}

// A token that one command makes the other reads, wherever the secret comes from.
func TestSecretPlaces(t *testing.T) {
	secret := newKey + "\n" + oldKey + "\n"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, place := range map[string]struct {
		variable, stdin string
		args            []string
	}{
		"environment":    {secret, "", nil},
		"file":           {"", "", []string{"--secret-file", file}},
		"standard input": {"", secret, []string{"--secret-file", "-"}},
		"file first":     {"not used", "", []string{"--secret-file=" + file}},
	} {
		t.Run(name, func(t *testing.T) {
			if place.variable != "" {
				t.Setenv(secretVariable, place.variable)
			}
			made := runDoors(t, Module{}, place.stdin, append([]string{"encode", "::ffff:10.0.0.7"}, place.args...)...)
			made.wants(t, 0, "")
			token := strings.TrimSuffix(made.stdout, "\n")
			if len(token) != 43 {
				t.Fatalf("%q is no token", made.stdout)
			}
			read := runDoors(t, Module{}, place.stdin, append([]string{"decode", token}, place.args...)...)
			read.wants(t, 0, "")
			ids := runDoors(t, Module{}, place.stdin, append([]string{"keyid"}, place.args...)...)
			ids.wants(t, 0, "")
			lines := strings.Split(ids.stdout, "\n")
			if len(lines) != 3 || lines[2] != "" || len(lines[0]) != 8 || lines[0] == lines[1] {
				t.Fatalf("the identifiers are %q", ids.stdout)
			}
			if want := "10.0.0.7 key 0 (" + lines[0] + ")\n"; read.stdout != want {
				t.Errorf("%q, not %q", read.stdout, want)
			}
		})
	}
}

func TestSecretMissing(t *testing.T) {
	if err := os.Unsetenv(secretVariable); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"keyid"}, {"encode", "10.0.0.7"}, {"decode", "x"}} {
		runDoors(t, Module{}, "", args...).wants(t, exitCannot, secretVariable)
		runDoors(t, Module{}, "", append(args, "--secret-file", "/nowhere")...).wants(t, exitCannot, "--secret-file")
		runDoors(t, Module{}, strings.Repeat(" ", maxSecret+1), append(args, "--secret-file", "-")...).wants(t, exitCannot, "no secret")
		faulty := runDoors(t, Module{}, "canary+canary", append(args, "--secret-file", "-")...)
		faulty.wants(t, exitCannot, "secret")
		if strings.Contains(faulty.stderr, "canary") {
			t.Errorf("the secret is repeated: %s", faulty.stderr)
		}
	}
}

func TestEncode(t *testing.T) {
	t.Setenv(secretVariable, oldKey)
	six := runDoors(t, Module{}, "", "encode", "fd00::1")
	six.wants(t, 0, "")
	if len(six.stdout) != 60 {
		t.Errorf("%q is no token of an IPv6 address", six.stdout)
	}
	for _, address := range []string{"10.0.0", "10.0.0.0/24", "10.0.0.7:80", "pod"} {
		runDoors(t, Module{}, "", "encode", address).wants(t, exitCannot, address)
	}
	runDoors(t, Module{}, "", "encode").wants(t, exitCannot, "1 argument, not 0")
	// A secret in the wrong place is not repeated.
	for _, args := range [][]string{{"encode", newKey}, {"keyid", newKey}, {"wait", newKey}, {"encode", "10.0.0.7", newKey}} {
		wrong := runDoors(t, Module{}, "", args...)
		wrong.wants(t, exitCannot, "argument")
		if strings.Contains(wrong.stderr, newKey) {
			t.Errorf("%v: the secret is repeated: %s", args, wrong.stderr)
		}
	}
}

// tokenThatBegins makes tokens until one begins so.
func tokenThatBegins(t *testing.T, secret, prefix string) string {
	t.Helper()
	cipher, err := doors.NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	for range 1 << 20 {
		token, err := cipher.Encode(netip.MustParseAddr("10.0.0.7"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(token, prefix) {
			return token
		}
	}
	t.Fatal("no token begins with " + prefix)
	return ""
}

// Tokens look like flags when they begin with a dash.
func TestDecode(t *testing.T) {
	t.Setenv(secretVariable, newKey+" "+oldKey)
	for _, prefix := range []string{"", "-", "--", "-h"} {
		token := tokenThatBegins(t, oldKey, prefix)
		for _, args := range [][]string{{token}, {"--", token}} {
			read := runDoors(t, Module{}, "", append([]string{"decode"}, args...)...)
			read.wants(t, 0, "")
			if !strings.HasPrefix(read.stdout, "10.0.0.7 key 1 (") {
				t.Errorf("%q", read.stdout)
			}
		}
	}
	for token, why := range map[string]string{
		tokenThatBegins(t, strings.Repeat("/", 42)+"8=", ""): "no key opens the token",
		"canary=": "base64url",
	} {
		read := runDoors(t, Module{}, "", "decode", token)
		read.wants(t, exitNo, why)
		if read.stdout != "" || strings.Contains(read.stderr, token) {
			t.Errorf("%+v", read)
		}
	}
	for _, args := range [][]string{{}, {"a", "b"}, {"--secret-file"}, {"--bits", "3"}} {
		runDoors(t, Module{}, "", append([]string{"decode"}, args...)...).wants(t, exitCannot, "")
	}
	if help := runDoors(t, Module{}, "", "decode", "--help"); help.code != 0 || !strings.Contains(help.stdout, "decode <token>") {
		t.Errorf("%+v", help)
	}
}

func TestUnknownCommand(t *testing.T) {
	runDoors(t, Module{}, "", "dance").wants(t, exitCannot, "dance")
	runDoors(t, Module{}, "", "keygen", "--dance").wants(t, exitCannot, "dance")
	if help := runDoors(t, Module{}, ""); help.code != 0 || !strings.Contains(help.stdout, "Exit codes") {
		t.Errorf("%+v", help)
	}
}

// Each command documents itself.
func TestHelp(t *testing.T) {
	for _, name := range []string{"keygen", "keyid", "encode", "decode", "explain", "check", "wait", "top"} {
		help := runDoors(t, Module{}, "", name, "--help")
		if help.code != 0 || help.stderr != "" || !strings.Contains(help.stdout, fmt.Sprintf("caddy doors %s", name)) {
			t.Errorf("%s: %+v", name, help)
		}
	}
}
