package routing

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

func readVectors(t testing.TB, name string, out any) {
	t.Helper()
	text, err := os.ReadFile("../tests/vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatal(err)
	}
}

func orBytes(plain string, bytes []byte) string {
	if bytes != nil {
		return string(bytes)
	}
	return plain
}

func indexOrNone(index *int) int {
	if index == nil {
		return none
	}
	return *index
}

func mustCipher(t testing.TB, secret string) *Cipher {
	t.Helper()
	cipher, err := NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	return cipher
}

func atLeast(t *testing.T, want int, got ...int) {
	t.Helper()
	if slices.Min(got) < want {
		t.Errorf("only %v vectors", got)
	}
}

func TestTokenVectors(t *testing.T) {
	var vectors struct {
		Accepted []struct{ Name, Secret, Address, Token string }
		Encoded  []struct {
			Name, Secret, Address string
			DecodesTo             string `json:"decodes_to"`
			Length                int
		}
		Refused []struct {
			Name, Secret, Token, Error string
			TokenBase64                []byte `json:"token_base64"`
		}
	}
	readVectors(t, "tokens.json", &vectors)
	for _, v := range vectors.Accepted {
		if addr, err := mustCipher(t, v.Secret).Decode(v.Token); err != nil || addr.String() != v.Address {
			t.Errorf("%s: got %v, %v; want %s", v.Name, addr, err, v.Address)
		}
	}
	for _, v := range vectors.Encoded {
		cipher := mustCipher(t, v.Secret)
		token, err := cipher.Encode(netip.MustParseAddr(v.Address))
		if err != nil || len(token) != v.Length {
			t.Errorf("%s: %q, %v; want %d characters", v.Name, token, err, v.Length)
		}
		if addr, err := cipher.Decode(token); err != nil || addr.String() != v.DecodesTo {
			t.Errorf("%s: decodes to %v, %v; want %s", v.Name, addr, err, v.DecodesTo)
		}
	}
	statuses := map[string]Status{"base64": StatusTokenFormat, "cipher": StatusTokenRefused}
	for _, v := range vectors.Refused {
		addr, err := mustCipher(t, v.Secret).Decode(orBytes(v.Token, v.TokenBase64))
		if want := statuses[v.Error]; want == 0 || !errors.Is(err, want) || addr.IsValid() {
			t.Errorf("%s: got %v, %v; want %s", v.Name, addr, err, v.Error)
		}
	}
	atLeast(t, 20, len(vectors.Accepted), len(vectors.Encoded), len(vectors.Refused))
}

func TestSecretVectors(t *testing.T) {
	var vectors struct {
		Accepted []struct {
			Name, Secret string
			KeyIDs       []string `json:"key_ids"`
		}
		Refused []struct {
			Name, Secret string
			Index        *int
		}
	}
	readVectors(t, "secrets.json", &vectors)
	for _, v := range vectors.Accepted {
		if cipher, err := NewCipher(v.Secret); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		} else if ids := cipher.KeyIDs(); !slices.Equal(ids, v.KeyIDs) {
			t.Errorf("%s: key ids %v, want %v", v.Name, ids, v.KeyIDs)
		}
		config, _ := json.Marshal(map[string]any{
			"secret": v.Secret, "upstreams": []any{map[string]any{"cidr": "10.0.0.0/24", "host": "a", "port": 80}},
		})
		if router, err := NewRouter(config); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		} else if ids := router.KeyIDs(); !slices.Equal(ids, v.KeyIDs) {
			t.Errorf("%s: key ids of a router %v, want %v", v.Name, ids, v.KeyIDs)
		}
		if err := Check(FieldSecret, v.Secret); err != nil {
			t.Errorf("%s: check: %v", v.Name, err)
		}
	}
	for _, v := range vectors.Refused {
		_, made := NewCipher(v.Secret)
		for _, err := range []error{made, Check(FieldSecret, v.Secret)} {
			var detail *Error
			if !errors.As(err, &detail) || detail.Status != StatusSecret || detail.Index != indexOrNone(v.Index) || detail.Message == "" {
				t.Errorf("%s: got %#v", v.Name, err)
			}
			for _, key := range strings.Fields(v.Secret) {
				if len(key) > 8 && err != nil && strings.Contains(err.Error(), key[:8]) {
					t.Errorf("%s: the error shows the key: %v", v.Name, err)
				}
			}
		}
	}
	atLeast(t, 15, len(vectors.Accepted), len(vectors.Refused))
}

func TestCIDRVectors(t *testing.T) {
	var vectors struct {
		Tables []struct {
			Name    string
			CIDRs   []string
			Lookups []struct {
				Address string
				Index   *int
			}
		}
		Refused []struct {
			Name     string
			CIDRs    []string
			Index    *int
			Contains []string
		}
	}
	readVectors(t, "cidrs.json", &vectors)
	for _, v := range vectors.Tables {
		table, err := NewCIDRs(strings.Join(v.CIDRs, " "))
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		for _, l := range v.Lookups {
			index, ok := table.Lookup(netip.MustParseAddr(l.Address))
			if index != indexOrNone(l.Index) || ok != (l.Index != nil) {
				t.Errorf("%s: %s: got %d, %v; want %d", v.Name, l.Address, index, ok, indexOrNone(l.Index))
			}
		}
		for _, cidr := range v.CIDRs {
			if err := Check(FieldCIDR, cidr); err != nil {
				t.Errorf("%s: check: %v", v.Name, err)
			}
		}
	}
	for _, v := range vectors.Refused {
		_, err := NewCIDRs(strings.Join(v.CIDRs, " "))
		checkError(t, v.Name, err, StatusCIDR, v.Index, v.Contains, nil)
		if len(v.CIDRs) == 1 {
			checkError(t, v.Name+" (check)", Check(FieldCIDR, v.CIDRs[0]), StatusCIDR, nil, v.Contains, nil)
		}
	}
	atLeast(t, 20, len(vectors.Tables), len(vectors.Refused))
}

// checkError compares an error with the expectation of a vector.
func checkError(t *testing.T, name string, err error, status Status, index *int, contains, never []string) {
	t.Helper()
	var detail *Error
	if !errors.As(err, &detail) {
		t.Errorf("%s: got %v", name, err)
		return
	}
	if !errors.Is(err, status) || detail.Index != indexOrNone(index) {
		t.Errorf("%s: status %d, index %d; want %d, %d: %v", name, detail.Status, detail.Index, status, indexOrNone(index), err)
	}
	if detail.Message == "" || strings.Contains(detail.Message, "\n") {
		t.Errorf("%s: message %q", name, detail.Message)
	}
	for _, part := range contains {
		if !strings.Contains(detail.Message, part) {
			t.Errorf("%s: %q is not in: %s", name, part, detail.Message)
		}
	}
	for _, part := range never {
		if strings.Contains(detail.Message, part) {
			t.Errorf("%s: %q is in: %s", name, part, detail.Message)
		}
	}
}

func TestDecisionVectors(t *testing.T) {
	var vectors struct {
		Routers []struct {
			Name     string
			Config   json.RawMessage
			Requests []struct {
				Name, Path, Cookies string
				PathBase64          []byte `json:"path_base64"`
				CookiesBase64       []byte `json:"cookies_base64"`
				Kind                Kind
				Reason              Reason
				Upstream, Key       *int
				Port                uint16
				PathKind            Path `json:"path_kind"`
				Address             *netip.Addr
			}
		}
	}
	readVectors(t, "decisions.json", &vectors)
	for _, v := range vectors.Routers {
		router, err := NewRouter(v.Config)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		for _, r := range v.Requests {
			want := Decision{r.Kind, r.Reason, indexOrNone(r.Upstream), indexOrNone(r.Key), r.Port, r.PathKind, netip.Addr{}}
			if r.Address != nil {
				want.Addr = *r.Address
			}
			got, err := router.Decide(orBytes(r.Path, r.PathBase64), orBytes(r.Cookies, r.CookiesBase64))
			if err != nil || got != want {
				t.Errorf("%s: %s:\ngot  %+v, %v\nwant %+v", v.Name, r.Name, got, err, want)
			}
			if got.Kind == Pod {
				if index, ok := router.Lookup(got.Addr); !ok || index != got.Upstream {
					t.Errorf("%s: %s: lookup of %v: %d, %v", v.Name, r.Name, got.Addr, index, ok)
				}
			}
		}
		atLeast(t, 9, len(v.Requests))
	}
	atLeast(t, 8, len(vectors.Routers))
}

func TestConfigVectors(t *testing.T) {
	var vectors struct {
		Accepted []struct {
			Name, JSON string
			Upstreams  int
			Warnings   [][]string
		}
		Refused []struct {
			Name, JSON      string
			JSONBase64      []byte `json:"json_base64"`
			Status          Status
			Index           *int
			Contains, Never []string
		}
	}
	readVectors(t, "config.json", &vectors)
	for _, v := range vectors.Accepted {
		router, err := NewRouter([]byte(v.JSON))
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if got := router.Upstreams(); got != v.Upstreams {
			t.Errorf("%s: %d upstreams, want %d", v.Name, got, v.Upstreams)
		}
		warnings := router.Warnings()
		if len(warnings) != len(v.Warnings) {
			t.Errorf("%s: warnings %q, want %q", v.Name, warnings, v.Warnings)
			continue
		}
		for i, parts := range v.Warnings {
			for _, part := range parts {
				if !strings.Contains(warnings[i], part) {
					t.Errorf("%s: %q is not in: %s", v.Name, part, warnings[i])
				}
			}
		}
	}
	for _, v := range vectors.Refused {
		_, err := NewRouter([]byte(orBytes(v.JSON, v.JSONBase64)))
		checkError(t, v.Name, err, v.Status, v.Index, v.Contains, v.Never)
	}
	atLeast(t, 30, len(vectors.Accepted), len(vectors.Refused))
}
