package keys

import (
	"encoding/base64"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/routing"
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
		first, second := runDoors(t, "", args...), runDoors(t, "", args...)
		first.Wants(t, 0, "")
		key, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(first.Stdout, "\n"))
		if err != nil || len(key) != bytes {
			t.Errorf("--bits %s: %d bytes, %v", bits, len(key), err)
		}
		if first.Stdout == second.Stdout {
			t.Error("the same key twice")
		}
		if _, err := routing.NewCipher(first.Stdout); err != nil {
			t.Error(err)
		}
	}
	for _, bits := range []string{"0", "-128", "64", "257", "many"} {
		runDoors(t, "", "keygen", "--bits="+bits).Wants(t, cli.ExitCannot, "bits")
	}
	runDoors(t, "", "keygen", "256").Wants(t, cli.ExitCannot, "expected 0 arguments, got 1")
}

// decode reads a token of encode, wherever the secret comes from.
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
			made := runDoors(t, place.stdin, append([]string{"encode", "::ffff:10.0.0.7"}, place.args...)...)
			made.Wants(t, 0, "")
			token := strings.TrimSuffix(made.Stdout, "\n")
			if len(token) != 43 {
				t.Fatalf("%q is not a token", made.Stdout)
			}
			read := runDoors(t, place.stdin, append([]string{"decode", token}, place.args...)...)
			read.Wants(t, 0, "")
			ids := runDoors(t, place.stdin, append([]string{"keyid"}, place.args...)...)
			ids.Wants(t, 0, "")
			lines := strings.Split(ids.Stdout, "\n")
			if len(lines) != 3 || lines[2] != "" || len(lines[0]) != 8 || lines[0] == lines[1] {
				t.Fatalf("the identifiers are %q", ids.Stdout)
			}
			if want := "10.0.0.7 key 0 (" + lines[0] + ")\n"; read.Stdout != want {
				t.Errorf("got %q, want %q", read.Stdout, want)
			}
		})
	}
}

func TestSecretMissing(t *testing.T) {
	if err := os.Unsetenv(secretVariable); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"keyid"}, {"encode", "10.0.0.7"}, {"decode", "x"}} {
		runDoors(t, "", args...).Wants(t, cli.ExitCannot, secretVariable)
		runDoors(t, "", append(args, "--secret-file", "/nowhere")...).Wants(t, cli.ExitCannot, "--secret-file")
		runDoors(t, strings.Repeat(" ", maxSecret+1), append(args, "--secret-file", "-")...).Wants(t, cli.ExitCannot, "too large for a secret")
		faulty := runDoors(t, "canary+canary", append(args, "--secret-file", "-")...)
		faulty.Wants(t, cli.ExitCannot, "secret")
		if strings.Contains(faulty.Stderr, "canary") {
			t.Errorf("the secret is repeated: %s", faulty.Stderr)
		}
	}
}

func TestEncode(t *testing.T) {
	t.Setenv(secretVariable, oldKey)
	six := runDoors(t, "", "encode", "fd00::1")
	six.Wants(t, 0, "")
	if len(six.Stdout) != 60 {
		t.Errorf("%q is not a token of an IPv6 address", six.Stdout)
	}
	for _, address := range []string{"10.0.0", "10.0.0.0/24", "10.0.0.7:80", "pod"} {
		runDoors(t, "", "encode", address).Wants(t, cli.ExitCannot, address)
	}
	runDoors(t, "", "encode").Wants(t, cli.ExitCannot, "expected 1 argument, got 0")
	// A secret in the wrong place is not shown.
	for _, args := range [][]string{{"encode", newKey}, {"keyid", newKey}, {"encode", "10.0.0.7", newKey}} {
		wrong := runDoors(t, "", args...)
		wrong.Wants(t, cli.ExitCannot, "argument")
		if strings.Contains(wrong.Stderr, newKey) {
			t.Errorf("%v: the secret is repeated: %s", args, wrong.Stderr)
		}
	}
}

// tokenThatBegins makes tokens until one has the prefix.
func tokenThatBegins(t *testing.T, secret, prefix string) string {
	t.Helper()
	cipher, err := routing.NewCipher(secret)
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

// Tokens that begin with a dash look like flags.
func TestDecode(t *testing.T) {
	t.Setenv(secretVariable, newKey+" "+oldKey)
	for _, prefix := range []string{"", "-", "--", "-h"} {
		token := tokenThatBegins(t, oldKey, prefix)
		for _, args := range [][]string{{token}, {"--", token}} {
			read := runDoors(t, "", append([]string{"decode"}, args...)...)
			read.Wants(t, 0, "")
			if !strings.HasPrefix(read.Stdout, "10.0.0.7 key 1 (") {
				t.Errorf("%q", read.Stdout)
			}
		}
	}
	for token, why := range map[string]string{
		tokenThatBegins(t, strings.Repeat("/", 42)+"8=", ""): "no key opens the token",
		"canary=": "base64url",
	} {
		read := runDoors(t, "", "decode", token)
		read.Wants(t, cli.ExitNo, why)
		if read.Stdout != "" || strings.Contains(read.Stderr, token) {
			t.Errorf("%+v", read)
		}
	}
	for _, args := range [][]string{{}, {"a", "b"}, {"--secret-file"}, {"--bits", "3"}} {
		runDoors(t, "", append([]string{"decode"}, args...)...).Wants(t, cli.ExitCannot, "")
	}
	if help := runDoors(t, "", "decode", "--help"); help.Code != 0 || !strings.Contains(help.Stdout, "decode <token>") {
		t.Errorf("%+v", help)
	}
}
