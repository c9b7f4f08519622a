package deploy

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load reads a compose file as Docker Compose does, with its schema, defaults and rules.
func load(t *testing.T, path string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{path}, cli.WithEnv([]string{"APP_B=registry.example/app:2"}), cli.WithProfiles([]string{"a", "b"}))
	check(t, err)
	return options.LoadProject(t.Context())
}

func TestCompose(t *testing.T) {
	project, err := load(t, filepath.Join(top(t), "deploy/compose/compose.yaml"))
	check(t, err)
	caddyfile, script := file(t, "compose/caddy/Caddyfile"), file(t, "compose/deploy.sh")

	proxy := project.Services["caddy"]
	validate(t, caddyfile, "SITE=example.com")
	for _, volume := range []string{"/etc/caddy", "/data", "/config"} {
		if !slices.ContainsFunc(proxy.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == volume }) {
			t.Errorf("Caddy has no volume %s: %v", volume, proxy.Volumes)
		}
	}
	secret := one(t, caddyfile, `secret \{file\.([^}]+)\}`)

	network := project.Networks["pages"].Ipam.Config[0]
	subnet, dynamic := netip.MustParsePrefix(network.Subnet), netip.MustParsePrefix(network.IPRange)
	if subnet.String() != one(t, caddyfile, `pod_cidr (.*)`) {
		t.Errorf("the network is %s, but Caddy has another", subnet)
	}
	addresses := strings.Fields(one(t, script, `APP_ADDRESSES:-([^}]*)}`))
	if one(t, script, `APP_PORT:-([^}]*)}`) != one(t, caddyfile, `upstream_port (.*)`) || len(addresses) != 2 {
		t.Errorf("deploy.sh has another port than Caddy, or not two addresses: %v", addresses)
	}
	for i, place := range []string{"a", "b"} {
		app, found := project.Services["app-"+place]
		if !found {
			t.Fatalf("no app-%s with the profile %s", place, place)
		}
		here := app.Networks["pages"]
		address := netip.MustParseAddr(here.Ipv4Address)
		if here.Ipv4Address != addresses[i] || here.Ipv4Address != *app.Environment["POD_IP"] || !subnet.Contains(address) || dynamic.Contains(address) {
			t.Errorf("app-%s has %s and calls itself %s; deploy.sh asks %s", place, address, *app.Environment["POD_IP"], addresses[i])
		}
		if !slices.Contains(here.Aliases, one(t, caddyfile, `host (.*)`)) {
			t.Errorf("Caddy does not find app-%s by one of %v", place, here.Aliases)
		}
		if *app.Environment["DOORS_SECRET_FILE"] != secret {
			t.Errorf("app-%s and Caddy have different secrets", place)
		}
		if !slices.Equal(app.Profiles, []string{place}) || time.Duration(*app.StopGracePeriod) != time.Hour {
			t.Errorf("app-%s starts with Caddy, or does not have an hour to drain", place)
		}
	}
	for name, service := range project.Services {
		if len(service.Secrets) != 1 || "/run/secrets/"+service.Secrets[0].Source != secret {
			t.Errorf("%s does not find the secret in %s", name, secret)
		}
		if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) || !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s is not confined", name)
		}
	}
	// deploy.sh writes the images into .env.
	if image := project.Services["app-b"].Image; image != "registry.example/app:2" {
		t.Errorf("the image of app-b is %s, want APP_B", image)
	}
	if build := proxy.Build; build == nil {
		t.Error("Caddy's service has no build")
	} else if _, err := os.Stat(filepath.Join(build.Context, build.Dockerfile)); err != nil || build.Context != top(t) {
		t.Error(build.Context, err)
	}

	for _, wrong := range []string{"stop_grace_periods: 1h", "stop_grace_period: long"} {
		text := strings.Replace(file(t, "compose/compose.yaml"), "stop_grace_period: 1h", wrong, 1)
		if _, err := load(t, write(t, filepath.Join(t.TempDir(), "compose.yaml"), text, 0o600)); err == nil {
			t.Errorf("%s is accepted: is this test blind?", wrong)
		}
	}
}
