package report

import (
	"fmt"
	"strconv"

	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
	"github.com/doors-dev/doors-caddy/benchmarks/results"
)

// thousands formats a number with thousands separators.
func thousands(number int) string {
	text := strconv.Itoa(number)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// duration formats nanoseconds with three digits and a suitable unit.
func duration(nanoseconds float64) string {
	switch {
	case nanoseconds >= 1e6:
		return digits(nanoseconds/1e6) + " ms"
	case nanoseconds >= 1e3:
		return digits(nanoseconds/1e3) + " µs"
	default:
		return digits(nanoseconds) + " ns"
	}
}

// digits formats a number with three digits, or with all digits before the point.
func digits(number float64) string {
	if number >= 100 {
		return thousands(int(number + 0.5))
	}
	return strconv.FormatFloat(number, 'g', 3, 64)
}

// ratio formats a median with its quartiles.
func ratio(s results.Summary) string {
	return fmt.Sprintf("%s (%s to %s)", ratioNumber(s.Median), ratioNumber(s.Q1), ratioNumber(s.Q3))
}

// ratioNumber formats a number with three decimals, or four if it is small.
func ratioNumber(number float64) string {
	if number != 0 && number < 0.1 {
		return strconv.FormatFloat(number, 'f', 4, 64)
	}
	return strconv.FormatFloat(number, 'f', 3, 64)
}

func protocolName(protocol proxy.Protocol) string {
	return map[proxy.Protocol]string{proxy.HTTP1: "HTTP/1.1", proxy.HTTP2: "HTTP/2"}[protocol]
}
