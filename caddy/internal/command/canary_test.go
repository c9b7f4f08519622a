package command

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/inspect"
)

// No command shows a key that is in the wrong place of the command line.
func TestNoCommandShowsAKey(t *testing.T) {
	t.Setenv("DOORS_SECRET", caddytest.Secret)
	config := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(config, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	module := inspect.Module{
		Sources: func([]byte) ([]inspect.Source, error) { return nil, errors.New("no source") },
		Load:    func([]byte) ([]inspect.Loaded, error) { return nil, errors.New("no source") },
	}
	// Nothing goes over the network: addresses with a key are rejected first.
	lines := []string{"KEY", "--KEY", "-KEY", "--secret KEY", "--secret=KEY", "KEY keyid", "help KEY"}
	for command, flags := range map[string][]string{
		"keygen": {"--bits KEY", "--bits=KEY"}, "keyid": {"--secret-file KEY"}, "encode": {"--secret-file KEY 10.0.0.7"}, "decode": {"--secret-file KEY token", "--secret-file=KEY token", "token KEY", "--help=KEY"},
		"explain": {"--path KEY", "--path /KEY --config KEY", "--config KEY", "--path / --config KEY", "--path / --config " + config + " --adapter KEY", "--path / --source KEY", "--path / --json=KEY", "--path / --cookie KEY --config " + config},
		"check":   {"--config KEY", "--config " + config + " --adapter KEY", "--config /KEY/KEY", "--probe=KEY"},
		"wait":    {"10.0.0.7 --idle KEY", "--drained KEY", "--drained=KEY", "--drained --address KEY", "10.0.0.7 --timeout KEY", "10.0.0.7 --address KEY", "10.0.0.7 --address unix//KEY --timeout 1ms", "10.0.0.7 --address http://:KEY@/", "10.0.0.7 --address KEY://a"},
		"evict":   {"--upstream KEY", "--upstream=KEY --undo", "10.0.0.7 --rate KEY", "10.0.0.7 --rate=KEY", "10.0.0.7 --undo=KEY", "10.0.0.7 --address KEY", "KEY/24", "10.0.0.0/KEY", "10.0.0.7 KEY"},
		"top":     {"--address KEY", "--address unix//KEY", "--once=KEY", "--address KEY:1:2", "--address ftp://KEY/"},
	} {
		for _, rest := range append(flags, "KEY", "KEY KEY", "--KEY", "--KEY=KEY", "-KEY", "--secret KEY", "--secret=KEY") {
			lines = append(lines, command+" "+rest)
		}
	}
	for range 3 {
		random := make([]byte, 32)
		rand.Read(random)
		key := base64.StdEncoding.EncodeToString(random)
		for _, line := range lines {
			r := caddytest.RunCommand(t, newCommand(module), "", strings.Fields(strings.ReplaceAll(line, "KEY", key))...)
			if r.Code == 0 && !strings.HasPrefix(line, "help") {
				t.Errorf("%s: works", line)
			}
			shown := fmt.Sprint(r.Stdout, r.Stderr)
			for i := 0; i+8 <= len(key); i++ {
				if at := strings.Index(shown, key[i:i+8]); at >= 0 {
					t.Errorf("%s: shows the key: ...%s...", line, shown[max(0, at-100):min(len(shown), at+60)])
					break
				}
			}
		}
	}
}
