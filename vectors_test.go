package doorscaddy

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"slices"
	"testing"
)

// readVectors decodes tests/vectors/name.
func readVectors(t testing.TB, name string, out any) {
	t.Helper()
	text, err := os.ReadFile("tests/vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatal(err)
	}
}

type tokenVectors struct {
	Accepted []struct{ Name, Secret, Address, Token string }
	Encoded  []struct {
		Name, Secret, Address string
		DecodesTo             string `json:"decodes_to"`
		Length                int
	}
	Refused []struct {
		Name, Secret, Token string
		TokenBase64         []byte `json:"token_base64"`
		Error               string
	}
}

func mustCipher(t testing.TB, secret string) Cipher {
	t.Helper()
	tokens, err := NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestAcceptedTokens(t *testing.T) {
	var vectors tokenVectors
	readVectors(t, "tokens.json", &vectors)
	for _, v := range vectors.Accepted {
		t.Run(v.Name, func(t *testing.T) {
			addr, err := mustCipher(t, v.Secret).Decode(v.Token)
			if err != nil || addr.String() != v.Address {
				t.Errorf("got %v, %v; want %s", addr, err, v.Address)
			}
		})
	}
	if len(vectors.Accepted) < 40 {
		t.Errorf("only %d vectors", len(vectors.Accepted))
	}
}

func TestEncodedTokens(t *testing.T) {
	var vectors tokenVectors
	readVectors(t, "tokens.json", &vectors)
	for _, v := range vectors.Encoded {
		t.Run(v.Name, func(t *testing.T) {
			tokens := mustCipher(t, v.Secret)
			token := tokens.Encode(netip.MustParseAddr(v.Address))
			if len(token) != v.Length {
				t.Errorf("%d characters, want %d", len(token), v.Length)
			}
			if addr, err := tokens.Decode(token); err != nil || addr.String() != v.DecodesTo {
				t.Errorf("decodes to %v, %v; want %s", addr, err, v.DecodesTo)
			}
		})
	}
	if len(vectors.Encoded) < 20 {
		t.Errorf("only %d vectors", len(vectors.Encoded))
	}
}

func TestRefusedTokens(t *testing.T) {
	var vectors tokenVectors
	readVectors(t, "tokens.json", &vectors)
	kinds := map[string]error{"base64": ErrorBase64, "cipher": ErrorCipher}
	for _, v := range vectors.Refused {
		t.Run(v.Name, func(t *testing.T) {
			token := v.Token
			if v.TokenBase64 != nil {
				token = string(v.TokenBase64)
			}
			addr, err := mustCipher(t, v.Secret).Decode(token)
			if want := kinds[v.Error]; want == nil || !errors.Is(err, want) {
				t.Errorf("got %v, want %s", err, v.Error)
			}
			if addr.IsValid() {
				t.Errorf("an address beside the error: %v", addr)
			}
		})
	}
	if len(vectors.Refused) < 150 {
		t.Errorf("only %d vectors", len(vectors.Refused))
	}
}

func TestSecrets(t *testing.T) {
	var vectors struct {
		Accepted []struct {
			Name, Secret string
			Keys         int
			KeyIDs       []string `json:"key_ids"`
		}
		Refused []struct {
			Name, Secret string
			Index        *int
		}
	}
	readVectors(t, "secrets.json", &vectors)
	for _, v := range vectors.Accepted {
		tokens, err := NewCipher(v.Secret)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
		} else if got := len(tokens.ring.aeads); got != v.Keys {
			t.Errorf("%s: %d keys, want %d", v.Name, got, v.Keys)
		} else if ids := tokens.KeyIDs(); !slices.Equal(ids, v.KeyIDs) {
			t.Errorf("%s: key ids %v, want %v", v.Name, ids, v.KeyIDs)
		} else if ids[0] = ""; slices.Contains(tokens.KeyIDs(), "") {
			t.Errorf("%s: a caller can change the ids", v.Name)
		}
	}
	if ids := (Cipher{}).KeyIDs(); len(ids) > 0 {
		t.Errorf("the zero value has keys %v", ids)
	}
	for _, v := range vectors.Refused {
		tokens, err := NewCipher(v.Secret)
		if err == nil || tokens != (Cipher{}) {
			t.Errorf("%s: accepted as %v, %v", v.Name, tokens, err)
			continue
		}
		var secretErr *secretError
		if !errors.As(err, &secretErr) {
			t.Errorf("%s: %T", v.Name, err)
			continue
		}
		want := -1
		if v.Index != nil {
			want = *v.Index
		}
		if secretErr.key != want {
			t.Errorf("%s: key %d, want %d", v.Name, secretErr.key, want)
		}
	}
	if len(vectors.Accepted) < 15 || len(vectors.Refused) < 30 {
		t.Errorf("only %d and %d vectors", len(vectors.Accepted), len(vectors.Refused))
	}
}

// testSecret returns a key of n bytes, each of value b.
func testSecret(n int, b byte) string {
	key := make([]byte, n)
	for i := range key {
		key[i] = b
	}
	return base64.StdEncoding.EncodeToString(key)
}
