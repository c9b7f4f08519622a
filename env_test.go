package doorscaddy

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const envKey = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="

func TestIDFromEnv(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(envKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cipher, err := NewCipher(envKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"DOORS_SECRET": envKey, "DOORS_SECRET_FILE": path} {
		for _, ip := range []string{"10.0.0.7", "fd00::7", "127.0.0.1"} {
			t.Run(name+" "+ip, func(t *testing.T) {
				setEnv(t, map[string]string{name: secret, "POD_IP": ip})
				id, err := IDFromEnv()
				if err != nil {
					t.Fatal(err)
				}
				if got, err := cipher.Decode(id); err != nil || got != netip.MustParseAddr(ip) {
					t.Error(got, err)
				}
			})
		}
	}
}

func setEnv(t *testing.T, values map[string]string) {
	for _, name := range []string{"DOORS_SECRET", "DOORS_SECRET_FILE", "POD_IP"} {
		t.Setenv(name, values[name])
	}
}

// Every error says what to set, and none contains a secret, whichever variable
// has it.
func TestIDFromEnvSaysWhatIsMissing(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cut := envKey[:30]
	for _, c := range []struct {
		secret, file, ip string
		want             []string
	}{
		{"", "", "", []string{"DOORS_SECRET and DOORS_SECRET_FILE are not set; set DOORS_SECRET to", "POD_IP is not set; set it to the IP address", "status.podIP"}},
		{envKey, "", "", []string{"POD_IP is not set"}},
		{"", "", "10.0.0.7", []string{"DOORS_SECRET and DOORS_SECRET_FILE are not set"}},
		{envKey, write("both", envKey), "10.0.0.7", []string{"DOORS_SECRET and DOORS_SECRET_FILE are both set; unset one of them"}},
		{cut, "", "10.0.0.7", []string{"DOORS_SECRET: key 0 is not standard base64"}},
		{"QUJD", "", "10.0.0.7", []string{"DOORS_SECRET: key 0 has 3 bytes"}},
		{"", write("wrong", envKey+" "+cut), "10.0.0.7", []string{"DOORS_SECRET_FILE: key 1 is not standard base64"}},
		{"", write("empty", ""), "10.0.0.7", []string{"DOORS_SECRET_FILE: is empty"}},
		{"", envKey, "10.0.0.7", []string{"DOORS_SECRET_FILE: cannot read the file: no such file"}},
		{"", folder, "10.0.0.7", []string{"DOORS_SECRET_FILE: cannot read the file: is a directory"}},
		{envKey, "", envKey, []string{"POD_IP is not the IP address of a pod; set it to"}},
		{envKey, "", cut, []string{"POD_IP is not the IP address of a pod; set it to"}},
		{envKey, "", "10.0.0", []string{`POD_IP "10.0.0" is not the IP address of a pod`}},
		{envKey, "", "10.0.0.7:8080", []string{`POD_IP "10.0.0.7:8080" is not the IP address of a pod`}},
		{envKey, "", "0.0.0.0", []string{`POD_IP "0.0.0.0" is not the IP address of a pod`}},
		{envKey, "", "::", []string{`POD_IP "::" is not the IP address of a pod`}},
		{envKey, "", "224.0.0.1", []string{`POD_IP "224.0.0.1" is not`}},
		{envKey, "", "fe80::1%eth0", []string{`POD_IP "fe80::1%eth0" is not`}},
	} {
		setEnv(t, map[string]string{"DOORS_SECRET": c.secret, "DOORS_SECRET_FILE": c.file, "POD_IP": c.ip})
		id, err := IDFromEnv()
		if err == nil || id != "" {
			t.Errorf("%v: %q, %v", c.want, id, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q lacks %q", err, want)
			}
		}
		if strings.Contains(err.Error(), cut[:12]) {
			t.Errorf("%q holds a part of the secret", err)
		}
		for line := range strings.Lines(err.Error()) {
			if !strings.HasPrefix(line, "doorscaddy: ") {
				t.Errorf("%q does not begin with the name of the package", line)
			}
		}
	}
}
