package routing_test

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/doors-dev/doors-caddy/routing"
)

const key = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="

func ExampleRouter_Decide() {
	router, err := routing.NewRouter([]byte(`{"secret": "` + key + `",
		"upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	cipher, err := routing.NewCipher(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := cipher.Encode(netip.MustParseAddr("10.0.0.7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/~/" + token + "/s/inst", "/~/forged/s/inst", "/"} {
		decision, err := router.Decide(path, "")
		fmt.Println(decision.Kind, decision.Path, decision.Addr, decision.Port, err)
	}
	// Output:
	// pod sync 10.0.0.7 8080 <nil>
	// gone sync invalid IP 0 <nil>
	// upstream page invalid IP 8080 <nil>
}

func ExampleCheck() {
	err := routing.Check(routing.FieldCIDR, "10.0.0.1/24")
	fmt.Println(errors.Is(err, routing.StatusCIDR), err)
	// Output: true 10.0.0.1/24 has host bits set; write 10.0.0.0/24
}
