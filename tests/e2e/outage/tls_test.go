package outage_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// authority signs certificates.
type authority struct {
	file        string // its own certificate
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "authority.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw := a.sign(t, template)
	a.certificate, _ = x509.ParseCertificate(raw)
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign signs a certificate, or its own if it has none yet.
func (a *authority) sign(t testing.TB, template *x509.Certificate) []byte {
	t.Helper()
	var err error
	parent := a.certificate
	if parent == nil {
		if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
		parent = template
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// serve runs a TLS pod with a certificate for a name and not for its address. It answers with what
// it sees.
func (a *authority) serve(t testing.TB, name, address string, port int) {
	t.Helper()
	raw := a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	listener, err := tls.Listen("tcp", net.JoinHostPort(address, fmt.Sprint(port)),
		&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: a.key}}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s host=%s sni=%s", address, r.Host, r.TLS.ServerName)
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
}

// Addresses are dialled, but certificates are checked for the name, and apps get the name as the
// Host.
func TestTLS(t *testing.T) {
	t.Parallel()
	dns, secret, trust := newNameServer(t), NewSecret(32), newAuthority(t)
	port := Port(t, podA, podB, podC, podZ)
	const blue, green = "blue.test", "green.test"
	trust.serve(t, blue, podA, port)
	trust.serve(t, blue, podB, port)
	trust.serve(t, blue, podC, port) // an old pod
	trust.serve(t, green, podZ, port)
	resolve(dns, blue, podA, podB)
	resolve(dns, green, podZ)
	upstreams := []Upstream{{CIDR: "127.0.1.0/24", Host: blue, Port: port}, {CIDR: "127.0.2.0/24", Host: green, Port: port}}
	transport := func(more string) string {
		return fmt.Sprintf("transport http {\n\ttls\n\ttls_trust_pool file %s\n%s\n}", trust.file, more)
	}
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, upstreams, "", transport(""))}})
	saw := func(address, name string) string {
		return fmt.Sprintf("%s host=%s:%d sni=%s", address, name, port, name)
	}
	token := func(address string) string { return Token(t, secret, address) }
	cookie := func(address string) []string { return []string{"upstream=" + token(address)} }
	for _, protocol := range Protocols {
		client := caddy.NewClient(t, protocol)
		anybody := map[string]bool{}
		for range 30 {
			anybody[client.Get("/").Body] = true
		}
		for _, want := range []string{saw(podA, blue), saw(podB, blue), saw(podZ, green)} {
			if !anybody[want] {
				t.Errorf("%s, no cookie: none of %v is %q", protocol, anybody, want)
			}
		}
		if len(anybody) != 3 {
			t.Errorf("%s, no cookie: %v", protocol, anybody)
		}
		for _, row := range []struct {
			name    string
			request Request
			want    string
		}{
			{"sticky", Request{Path: "/", Cookie: cookie(podB)}, saw(podB, blue)},
			{"sticky on the other server", Request{Path: "/", Cookie: cookie(podZ)}, saw(podZ, green)},
			{"pinned", Request{Path: "/~/" + token(podA) + "/s/i"}, saw(podA, blue)},
			{"pinned to an old pod", Request{Path: "/~/" + token(podC) + "/h/i/1", Method: "POST"}, saw(podC, blue)},
			{"pinned to the other server", Request{Path: "/~/" + token(podZ) + "/s/i", Cookie: cookie(podA)}, saw(podZ, green)},
		} {
			if answer := client.Do(row.request); answer.Status != http.StatusOK || answer.Body != row.want {
				t.Errorf("%s, %s: status %d, %q, want %q", protocol, row.name, answer.Status, answer.Body, row.want)
			}
		}
		checkGone(t, "dead", client.Get("/~/"+token("127.0.1.99")+"/h/i/1"))
	}

	t.Run("wrong name", func(t *testing.T) {
		// The pods of blue have no certificate for this name.
		resolve(dns, "wrong.test", podA)
		wrong := []Upstream{{CIDR: "127.0.1.0/24", Host: "wrong.test", Port: port}}
		client := Start(t, Options{Config: Config{Handlers: site(dns, secret, wrong, "", transport(""))}}).NewClient(t, H2)
		for _, path := range []string{"/", "/~/" + token(podA) + "/h/i/1"} {
			if answer := client.Get(path); answer.Status != http.StatusBadGateway {
				t.Errorf("%.3s with a certificate for another name: status %d, %q", path, answer.Status, answer.Body)
			}
		}
	})
	t.Run("names of the user's own", func(t *testing.T) {
		proxy := transport("tls_server_name "+blue) + "\nheader_up Host app.example"
		client := Start(t, Options{Config: Config{Handlers: site(dns, secret, upstreams[:1], "", proxy)}}).NewClient(t, H2)
		for _, path := range []string{"/", "/~/" + token(podC) + "/h/i/1"} {
			answer := client.Get(path)
			if want := "host=app.example sni=" + blue; answer.Status != http.StatusOK || len(answer.Body) < len(want) || answer.Body[len(podA)+1:] != want {
				t.Errorf("%.3s: status %d, %q", path, answer.Status, answer.Body)
			}
		}
	})
	t.Run("failover", func(t *testing.T) {
		// The pods of one upstream are down, and the request goes to the other one with its own
		// name.
		resolve(dns, "down.test", "127.0.1.98", "127.0.1.99")
		down := []Upstream{{CIDR: "127.0.1.0/24", Host: "down.test", Port: port}, upstreams[1]}
		caddy := Start(t, Options{Config: Config{Handlers: site(dns, secret, down, "", transport(""))}})
		client := caddy.NewClient(t, H2)
		waitUntilKnown(t, caddy, token(podZ), green)
		for range 10 {
			if answer := client.Do(Request{Path: "/", Cookie: cookie("127.0.1.98")}); answer.Body != saw(podZ, green) {
				t.Errorf("status %d, %q", answer.Status, answer.Body)
			}
		}
	})
}
