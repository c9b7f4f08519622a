// In: an address that a token names and that its host does not resolve to.
// Out: the pod there, the same one each time.

package proxy

import (
	"net/netip"
	"sync"
)

// drainingPods remembers pods that pages still live in and no host resolves to, of all upstreams of a source. Making one again costs
// allocations, and forgets when its last answer was reported.
//
// What was not asked for while as many others were as there is room for is forgotten: the young ones become old, and the old ones go. Those that are
// asked for become young again. So it holds twice as many as there is room for, and never fewer than were used last.
type drainingPods struct {
	room       int
	mutex      sync.RWMutex
	young, old map[place]pod
}

// place is an address of an upstream.
type place struct {
	upstream *upstream
	address  netip.Addr
}

func newDrainingPods(room int) *drainingPods {
	return &drainingPods{room: room, young: make(map[place]pod)}
}

// at returns the pod at an address of an upstream.
func (d *drainingPods) at(upstream *upstream, address netip.Addr) pod {
	at := place{upstream, address}
	d.mutex.RLock()
	found, known := d.young[at]
	d.mutex.RUnlock()
	if known {
		return found
	}
	return d.add(at)
}

func (d *drainingPods) add(at place) pod {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	found, known := d.young[at] // somebody else may have been faster
	if known {
		return found
	}
	if found, known = d.old[at]; !known {
		found = at.upstream.newPod(at.address)
	}
	if len(d.young) >= d.room {
		d.young, d.old = make(map[place]pod), d.young
	}
	d.young[at] = found
	return found
}
