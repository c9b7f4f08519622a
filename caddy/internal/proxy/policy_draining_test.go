package proxy

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// addressAt numbers the addresses of the first upstream.
func addressAt(n int) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, byte(1 + n>>8), byte(n)}) }

// However many pods drain, finding one costs no allocation, and it is the one that it was, which has reported its answer.
func TestDrainingPodsCostNothing(t *testing.T) {
	for _, count := range []int{10, 64, 65, 1000} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			upstream := sourceWith(t, 0).upstreams[0]
			now := time.Hour
			for n := range count {
				if !upstream.podAt(addressAt(n)).reportsAnswer(now) {
					t.Fatal("the first answer is not reported")
				}
			}
			n := 0
			allocations := testing.AllocsPerRun(2*count, func() {
				if upstream.podAt(addressAt(n % count)).reportsAnswer(now + time.Millisecond) {
					t.Error("an answer is reported again within a second")
				}
				n++
			})
			if allocations != 0 {
				t.Errorf("%v allocations a request", allocations)
			}
		})
	}
}

// More pods than there is room for are forgotten, those last that are in use.
func TestDrainingPodsAreBounded(t *testing.T) {
	upstream := sourceWith(t, 0).upstreams[0]
	const room = 100
	upstream.draining = newDrainingPods(room)
	used := upstream.podAt(addressAt(0))
	for n := range 100 * room {
		upstream.podAt(addressAt(n % 60000))
		if again := upstream.podAt(addressAt(0)); again.lastAnswer != used.lastAnswer {
			t.Fatalf("a pod that is in use was forgotten after %d others", n)
		}
		if held := len(upstream.draining.young) + len(upstream.draining.old); held > 2*room {
			t.Fatalf("%d pods are held, more than %d", held, 2*room)
		}
	}
	if again := upstream.podAt(addressAt(1)); again.lastAnswer == nil || again.address.Addr() != addressAt(1) {
		t.Errorf("a pod that was forgotten: %v", again)
	}
}
