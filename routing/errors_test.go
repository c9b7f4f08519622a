package routing

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	_, err := NewRouter([]byte(strings.Replace(testConfig, "8081", "0", 1)))
	var detail *Error
	if !errors.As(err, &detail) || detail.Index != 1 || !strings.Contains(detail.Message, "upstreams[1].port") {
		t.Errorf("got %#v", err)
	}
	wrapped := fmt.Errorf("config: %w", err)
	if !errors.Is(wrapped, StatusConfig) || errors.Is(wrapped, StatusSecret) || errors.Is(wrapped, errors.New("x")) {
		t.Errorf("wrong status: %v", wrapped)
	}
	if _, err := mustCipher(t, testKey).Encode(netip.Addr{}); !errors.Is(err, StatusAddress) {
		t.Errorf("encode of the zero Addr: %v", err)
	}
	if text := StatusTokenRefused.Error(); text == "" || text == "unknown" {
		t.Errorf("text of a status: %q", text)
	}
	if text := Status(-7).Error(); text != "unknown" {
		t.Errorf("text of an unknown status: %q", text)
	}
	huge := make([]byte, 64<<20+1)
	for i := range huge {
		huge[i] = ' '
	}
	if _, err := NewRouter(huge); !errors.Is(err, StatusTooLarge) {
		t.Errorf("more than 64 MiB: %v", err)
	}
	if _, err := NewRouter(nil); !errors.Is(err, StatusConfig) {
		t.Errorf("nil: %v", err)
	}
}

func TestZeroValuesAreOfNoUse(t *testing.T) {
	var router Router
	_, decide := router.Decide("/", "")
	_, encode := new(Cipher).Encode(netip.MustParseAddr("10.0.0.1"))
	_, decode := new(Cipher).Decode("x")
	_, verdict := new(State).Verdict(netip.MustParseAddrPort("10.0.0.1:8080"))
	for i, err := range []error{decide, encode, decode, verdict} {
		if !errors.Is(err, StatusNullPointer) {
			t.Errorf("%d: got %v", i, err)
		}
	}
	if host, port := router.Upstream(0); router.Upstreams() != 0 || host != "" || port != 0 || router.Warnings() != nil {
		t.Error("the zero router has upstreams or warnings")
	}
	_, ok := router.Lookup(netip.MustParseAddr("10.0.0.1"))
	if _, found := new(CIDRs).Lookup(netip.MustParseAddr("10.0.0.1")); ok || found {
		t.Error("a zero value finds an address")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		field  Field
		value  string
		status Status // 0 for a valid value
	}{
		{FieldSecret, testKey, 0}, {FieldSecret, "x", StatusSecret}, {FieldSecret, "", StatusSecret},
		{FieldCookieName, "upstream", 0}, {FieldCookieName, "up stream", StatusConfig}, {FieldCookieName, "", StatusConfig},
		{FieldCIDR, "10.0.0.0/24", 0}, {FieldCIDR, "10.0.0.1/24", StatusCIDR}, {FieldCIDR, "", StatusCIDR},
		{FieldHost, "svc.example", 0}, {FieldHost, "2001:db8::1", 0}, {FieldHost, "svc:80", StatusConfig}, {FieldHost, "", StatusConfig},
		{FieldPort, "1", 0}, {FieldPort, "65535", 0}, {FieldPort, "0", StatusConfig}, {FieldPort, "65536", StatusConfig},
		{FieldPort, "http", StatusConfig}, {FieldPort, "+80", StatusConfig}, {FieldPort, " 80", StatusConfig}, {FieldPort, "", StatusConfig},
		{Field(0), "x", StatusRange}, {Field(99), "x", StatusRange},
	} {
		err := Check(c.field, c.value)
		if c.status == 0 && err != nil || c.status != 0 && !errors.Is(err, c.status) {
			t.Errorf("field %d, %q: got %v, want status %d", c.field, c.value, err, c.status)
		}
	}
}

func TestABI(t *testing.T) {
	if abiProblem != nil {
		t.Error(abiProblem)
	}
	if Version() == "" || Version() == "unknown" {
		t.Errorf("version %q", Version())
	}
	err := checkABI(1, 2, "9.9.9")
	if err == nil {
		t.Fatal("different interfaces are accepted")
	}
	for _, part := range []string{"9.9.9", "interface 2", "interface 1", "go build -a"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
}

func TestEveryConstructorRefusesAnotherABI(t *testing.T) {
	abiProblem = checkABI(1, 2, "9.9.9")
	defer func() { abiProblem = nil }()
	_, router := NewRouter([]byte(testConfig))
	_, cipher := NewCipher(testKey)
	_, cidrs := NewCIDRs("10.0.0.0/24")
	_, state := NewState(DefaultLimits())
	for i, err := range []error{router, cipher, cidrs, state, Check(FieldPort, "1")} {
		if !errors.Is(err, abiProblem) {
			t.Errorf("%d: got %v", i, err)
		}
	}
}
