package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Every Caddyfile and JSON sample of the README is valid as it stands, with
// nothing but the secret filled in.
func TestReadmeConfigs(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	secretFile := filepath.Join(t.TempDir(), "doors")
	if err := os.WriteFile(secretFile, []byte(NewSecret(32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOORS_SECRET", NewSecret(32))
	t.Setenv("POD_CIDR", "10.0.0.0/24")
	fill := strings.NewReplacer("<base64-aes-key>", NewSecret(32), "/run/secrets/doors", secretFile)
	blocks := regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```").FindAllStringSubmatch(string(readme), -1)
	caddyfiles, documents := 0, 0
	for _, block := range blocks {
		text := fill.Replace(block[2])
		switch block[1] {
		case "caddyfile":
			caddyfiles++
			validate(t, "Caddyfile", text)
		case "json":
			documents++
			if strings.Contains(text, `"handler"`) {
				text = inServer(text)
			}
			validate(t, "caddy.json", text)
		}
	}
	if caddyfiles < 2 || documents < 1 {
		t.Errorf("%d Caddyfiles and %d JSON documents in the README", caddyfiles, documents)
	}
	documented := "```caddyfile\n" + strings.Replace(documentedCaddyfile, "SECRET", "<base64-aes-key>", 1) + "```"
	if !strings.Contains(string(readme), documented) {
		t.Error("the README does not show the documented Caddyfile")
	}
}
