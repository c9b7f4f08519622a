package redact

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// One random key of 16 bytes in 30,000 has letters of one case and few digits, and looks like a
// name. These keys do not.
func TestKeysAreSeen(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	for range 1000 {
		for _, size := range []int{16, 24, 32} {
			key := make([]byte, size)
			random.Read(key)
			for _, text := range []string{
				base64.StdEncoding.EncodeToString(key), base64.RawStdEncoding.EncodeToString(key), base64.URLEncoding.EncodeToString(key), hex.EncodeToString(key),
			} {
				for _, around := range []string{text, "env." + text, "env.X:" + text, "file." + text, "a " + text + "!", "10.0.0.0/" + text} {
					if !MayHoldKey(around) {
						t.Errorf("the key in %s was not found", around)
					}
				}
			}
		}
	}
}

func TestNamesAreNotTakenForKeys(t *testing.T) {
	for _, text := range []string{
		"", "DOORS_SECRET", "env.DOORS_SECRET_OF_PRODUCTION", "file./run/secrets/doors", "/var/run/secrets/doors.example/key", "Caddyfile",
		"svc.namespace.svc.cluster.local", "health_follow_redirects", "2001:db8:85a3:8d3:1319:8a2e:370:7348", "X-Doors-Decision",
	} {
		if MayHoldKey(text) {
			t.Errorf("%s is mistaken for a key", text)
		}
	}
}

func TestPathsAreNotTakenForKeys(t *testing.T) {
	folder := t.TempDir() // its name has both cases and digits
	if path := folder + "/none"; MayHoldKey(path) || !MayHoldKey("/no"+path) || !MayHoldKey("//AAECAwQFBgcICQoLDA0O") || !MayHoldKey(folder+"/AAECAwQFBgcICQoLDA0ODw") {
		t.Errorf("%s is mistaken for a key, or a key for a path", path)
	}
}

func TestErrorsLoseKeysOnly(t *testing.T) {
	const key = "AAECAwQFBgcICQoLDA0ODw=="
	plain := errors.New("option " + key + " beside svc.namespace.svc.cluster.local")
	got := Error(plain, []string{"option", key, "svc.namespace.svc.cluster.local"})
	if want := "option (a value of 24 characters) beside svc.namespace.svc.cluster.local"; got.Error() != want {
		t.Errorf("got %v, want %s", got, want)
	}
	cut := Error(errors.New("AwQFBgcICQoL/A0ODxAR and AwQFBgcICQoL and A0ODxAR"), []string{"10.0.0.0/AwQFBgcICQoL/A0ODxAR"})
	if want := "(a value of 20 characters) and (a value of 12 characters) and A0ODxAR"; cut.Error() != want {
		t.Errorf("got %v, want %s", cut, want)
	}
	if got := Error(plain, []string{"option"}); got != plain {
		t.Errorf("an error without a key is %v now", got)
	}
	if got := Error(nil, []string{key}); got != nil {
		t.Errorf("no error is %v now", got)
	}
}

func TestTextsOfADocument(t *testing.T) {
	const key, other = "AAECAwQFBgcICQoLDA0ODw==", "EBESExQVFhcYGRobHB0eHw=="
	got := Texts([]byte(`{"a": ["b", {"` + key + `": 1}], "c": "` + other + `", "d": 2}`))
	slices.Sort(got)
	if want := []string{key, other}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Texts([]byte(`{`)); got != nil {
		t.Errorf("got %q from an empty document", got)
	}
}
