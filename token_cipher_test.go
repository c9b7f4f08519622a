package doorscaddy

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

var ip4, ip6 = netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("2001:db8::7")

func TestRoundTripOfRandomAddresses(t *testing.T) {
	random := rand.New(rand.NewPCG(42, 42))
	for _, size := range []int{16, 24, 32} {
		tokens := mustCipher(t, testSecret(size, 7))
		for range 500 {
			var wide [16]byte
			for i := range wide {
				wide[i] = byte(random.Uint32())
			}
			for _, addr := range []netip.Addr{netip.AddrFrom4([4]byte(wide[:4])), netip.AddrFrom16(wide)} {
				got, err := tokens.Decode(tokens.Encode(addr))
				if err != nil || got != addr.Unmap() {
					t.Fatalf("%v came back as %v, %v", addr, got, err)
				}
			}
		}
	}
}

func TestEncodeDropsZoneAndUnmaps(t *testing.T) {
	tokens := mustCipher(t, testSecret(32, 1))
	for text, want := range map[string]string{
		"fe80::1%eth0":         "fe80::1",
		"::ffff:10.0.0.1":      "10.0.0.1",
		"::ffff:10.0.0.1%eth0": "10.0.0.1",
	} {
		addr, err := tokens.Decode(tokens.Encode(netip.MustParseAddr(text)))
		if err != nil || addr != netip.MustParseAddr(want) {
			t.Errorf("%s came back as %v, %v", text, addr, err)
		}
	}
}

func TestEncodeOfTheZeroAddrIsEmpty(t *testing.T) {
	if token := mustCipher(t, testSecret(32, 1)).Encode(netip.Addr{}); token != "" {
		t.Errorf("got %q", token)
	}
}

func TestTokensOfOneAddressDiffer(t *testing.T) {
	tokens, seen := mustCipher(t, testSecret(32, 1)), map[string]bool{}
	for range 1000 {
		seen[tokens.Encode(ip4)] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different tokens of 1000", len(seen))
	}
}

func TestZeroCipher(t *testing.T) {
	var zero Cipher
	if token := zero.Encode(ip4); token != "" {
		t.Errorf("encodes to %q", token)
	}
	token := mustCipher(t, testSecret(32, 1)).Encode(ip4)
	if addr, err := zero.Decode(token); !errors.Is(err, ErrorCipher) || addr.IsValid() {
		t.Errorf("decodes to %v, %v", addr, err)
	}
	if _, err := zero.Decode("="); !errors.Is(err, ErrorBase64) {
		t.Errorf("decodes padding with %v", err)
	}
}

// fakeCipher is a cipher for the tests of an app.
type fakeCipher map[string]netip.Addr

func (f fakeCipher) Encode(addr netip.Addr) string { return addr.String() }

func (f fakeCipher) Decode(token string) (netip.Addr, error) {
	if addr, ok := f[token]; ok {
		return addr, nil
	}
	return netip.Addr{}, fmt.Errorf("%q: %w", token, ErrorCipher)
}

// TokenCipher is an interface, so that an app can fake it and compare it with
// nil.
func TestTokenCipherIsAnInterface(t *testing.T) {
	var construct func(secret string) (TokenCipher, error) = NewTokenCipher
	tokens, err := construct(testSecret(32, 1))
	if err != nil || tokens == nil {
		t.Fatalf("got %v, %v", tokens, err)
	}
	if addr, err := tokens.Decode(tokens.Encode(ip6)); err != nil || addr != ip6 {
		t.Errorf("got %v, %v", addr, err)
	}
	if tokens, err := construct("no key"); err == nil || tokens != nil {
		t.Errorf("got %v, %v for a wrong secret", tokens, err)
	}
	tokens = fakeCipher{ip4.String(): ip4}
	if addr, err := tokens.Decode(tokens.Encode(ip4)); err != nil || addr != ip4 {
		t.Errorf("got %v, %v from a fake", addr, err)
	}
}

func TestRotation(t *testing.T) {
	oldKey, newKey := testSecret(32, 1), testSecret(16, 2)
	before, both, after := mustCipher(t, oldKey), mustCipher(t, newKey+" "+oldKey), mustCipher(t, newKey)
	if addr, err := both.Decode(before.Encode(ip6)); err != nil || addr != ip6 {
		t.Errorf("token of the old key: %v, %v", addr, err)
	}
	if addr, err := after.Decode(both.Encode(ip6)); err != nil || addr != ip6 {
		t.Errorf("the first key does not encrypt: %v, %v", addr, err)
	}
	if _, err := after.Decode(before.Encode(ip6)); !errors.Is(err, ErrorCipher) {
		t.Errorf("token of a dropped key: %v", err)
	}
}

func TestManyGoroutines(t *testing.T) {
	tokens := mustCipher(t, testSecret(32, 1)+" "+testSecret(32, 2))
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 200 {
				if addr, err := tokens.Decode(tokens.Encode(ip6)); err != nil || addr != ip6 {
					t.Errorf("got %v, %v", addr, err)
					return
				}
			}
		}()
	}
	group.Wait()
}

// No way of printing a cipher or an error shows a key.
func TestKeysAreNeverShown(t *testing.T) {
	canary := "CANARYcanaryCANARYcanaryCANARYcanaryCANARYc="
	tokens := mustCipher(t, canary)
	keys, err := parseSecret(canary)
	if err != nil {
		t.Fatal(err)
	}
	raw := string(keys[0])
	shows := func(text string) bool {
		for _, part := range []string{canary[:8], raw[:8], fmt.Sprintf("%x", raw[:4]), fmt.Sprintf("%X", raw[:4]), fmt.Sprint([]byte(raw[:4]))[1:8]} {
			if strings.Contains(text, part) {
				return true
			}
		}
		return false
	}
	for _, format := range []string{"%v", "%x", "%X", "%d"} {
		if shown := fmt.Sprintf(format, keys[0]); !shows(shown) {
			t.Errorf("the test overlooks a key in %s", shown)
		}
	}
	type holder struct {
		Exported Cipher
		hidden   Cipher
		pointer  *Cipher
		behind   TokenCipher
	}
	values := []any{tokens, &tokens, holder{tokens, tokens, &tokens, tokens}, []TokenCipher{tokens}, []Cipher{tokens}, map[string]Cipher{"a": tokens}, Cipher{}}
	for _, secret := range []string{canary + "x", canary[:40], canary + " " + canary, strings.Repeat(canary+" ", 9), canary + ",", "é" + canary} {
		_, err := NewCipher(secret)
		if err == nil {
			t.Fatalf("%q is accepted", secret)
		}
		values = append(values, err, fmt.Errorf("wrapped: %w", err))
	}
	for _, value := range values {
		var texts []string
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%80v", "%-80s", "%.3s"} {
			texts = append(texts, fmt.Sprintf(format, value))
		}
		var logged strings.Builder
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "value", value)
		encoded, _ := json.Marshal(value)
		texts = append(texts, logged.String(), string(encoded))
		for _, text := range texts {
			if shows(text) {
				t.Errorf("%T shows the key: %s", value, text)
			}
		}
	}
	if got := tokens.String(); got != "doorscaddy.Cipher(keys: 1)" {
		t.Errorf("String is %q", got)
	}
	if got := fmt.Sprintf("%#v", Cipher{}); got != "doorscaddy.Cipher(no key)" {
		t.Errorf("GoString of the zero value is %q", got)
	}
}

func TestErrorsNameKeyAndRule(t *testing.T) {
	good := testSecret(32, 1)
	for secret, want := range map[string]string{
		"":                               "doorscaddy: secret: is empty; write one to eight AES keys in base64 (make one with: openssl rand -base64 32)",
		strings.Repeat(good+" ", 9):      "doorscaddy: secret: has 9 keys; the limit is 8",
		"x":                              "doorscaddy: secret: key 0 is not standard base64 with padding (make a key with: openssl rand -base64 32)",
		"<base64-aes-key>":               "doorscaddy: secret: key 0 is a placeholder from the documentation; make a key with: openssl rand -base64 32",
		good + " " + testSecret(15, 2):   "doorscaddy: secret: key 1 has 15 bytes; a key has 16, 24 or 32 bytes",
		good + "\n" + good + "\n":        "doorscaddy: secret: key 1 is the same as key 0; remove one of them",
		strings.TrimRight(good, "=\r\n"): "doorscaddy: secret: key 0 is not standard base64 with padding (make a key with: openssl rand -base64 32)",
	} {
		if _, err := NewCipher(secret); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	secret := testSecret(32, 1)
	tokens, err := NewCipher(secret)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tokens.Encode(ip4))
	f.Add(tokens.Encode(ip6))
	f.Add(tokens.Encode(ip4) + "\n")
	f.Add("")
	f.Add(strings.Repeat("A", 43))
	f.Add(strings.Repeat("A", 58) + "B")
	f.Fuzz(func(t *testing.T, token string) {
		addr, err := tokens.Decode(token)
		if err == nil {
			if want := map[bool]int{true: tokenIPv4, false: tokenIPv6}; len(token) != want[addr.Is4()] {
				t.Errorf("%v from %d characters", addr, len(token))
			}
			if again, err := tokens.Decode(tokens.Encode(addr)); err != nil || again != addr {
				t.Errorf("%v does not come back: %v, %v", addr, again, err)
			}
			return
		}
		if addr.IsValid() {
			t.Errorf("%v beside %v", addr, err)
		}
		outside := strings.IndexFunc(token, func(r rune) bool { return r > 0x7f || !inAlphabet(byte(r)) }) >= 0
		rightLength := len(token) == tokenIPv4 || len(token) == tokenIPv6
		switch {
		case outside && err != ErrorBase64, !outside && !rightLength && err != ErrorCipher,
			err != ErrorBase64 && err != ErrorCipher:
			t.Errorf("%q: %v", token, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	tokens := mustCipher(b, testSecret(32, 1))
	for name, addr := range map[string]netip.Addr{"IPv4": ip4, "IPv6": ip6} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tokens.Encode(addr)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	tokens := mustCipher(b, testSecret(32, 1))
	other := mustCipher(b, testSecret(32, 2))
	for name, token := range map[string]string{
		"IPv4": tokens.Encode(ip4), "IPv6": tokens.Encode(ip6), "Refused": other.Encode(ip4), "Malformed": tokens.Encode(ip4) + "=",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tokens.Decode(token)
			}
		})
	}
}
