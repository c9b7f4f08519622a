package inspect

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestDialAdvice(t *testing.T) {
	for want, errs := range map[string][]error{
		"that the app runs": {syscall.ECONNREFUSED},
		"the route to it":   {syscall.EHOSTUNREACH, syscall.ENETUNREACH, os.ErrDeadlineExceeded},
		"":                  {syscall.EMFILE, errors.New("other")},
	} {
		for _, err := range errs {
			failed := fmt.Errorf("127.0.1.1: %w", &net.OpError{Op: "dial", Err: err})
			if got := dialAdvice(failed); !strings.Contains(got, want) || (got == "") != (want == "") {
				t.Errorf("%v: %q does not say %q", err, got, want)
			}
		}
	}
}
