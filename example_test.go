package doorscaddy_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"

	"github.com/doors-dev/doors-caddy"
)

func Example() {
	// Made once with: openssl rand -base64 32
	tokens, err := doorscaddy.NewTokenCipher("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=")
	if err != nil {
		fmt.Println(err)
		return
	}
	token := tokens.Encode(netip.MustParseAddr("10.0.0.7"))
	addr, err := tokens.Decode(token)
	fmt.Println(len(token), addr, err)
	// Output: 43 10.0.0.7 <nil>
}

func ExampleTokenCipher_Decode() {
	tokens, err := doorscaddy.NewTokenCipher("q83vEjRWeJCrze8SNFZ4kA==")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = tokens.Decode("not a token")
	fmt.Println(errors.Is(err, doorscaddy.ErrorBase64))
	// Output: true
}

// page stands in for a Doors app.
type page struct{ http.Handler }

func (page) Drain(callback func()) { callback() }

func ExampleServe() {
	app := page{http.NotFoundHandler()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	orders := make(chan os.Signal)
	close(orders) // like SIGTERM
	err = doorscaddy.Serve(&http.Server{}, app, doorscaddy.WithListener(listener), doorscaddy.WithOrders(orders), doorscaddy.WithDelay(0))
	fmt.Println(err)
	// Output: <nil>
}
