// In: an answer without addresses of one IP version, of which there were some.
// Out: the answer, with those that only a failed query has left out.

package hosts

import (
	"context"
	"net/netip"
	"slices"
)

// withLostFamily guards against half an answer. A lookup makes a query for each IP version, and the resolver takes one for the whole
// answer when the other one fails. So where a version has vanished, it is asked for once more, alone: its addresses are gone
// only if the name servers say so.
func (e *entry) withLostFamily(ctx context.Context, answer []netip.Addr) []netip.Addr {
	known := e.snapshot.Load()
	if e.key.network != "ip" || known == nil || len(answer) == 0 {
		return answer
	}
	for _, network := range []string{"ip4", "ip6"} {
		other := func(a netip.Addr) bool { return a.Is4() != (network == "ip4") }
		lost := slices.DeleteFunc(slices.Clone(known.addresses), other)
		if len(lost) == 0 || !slices.ContainsFunc(answer, other) || slices.ContainsFunc(answer, func(a netip.Addr) bool { return !other(a) }) {
			continue
		}
		again, err := e.lookup(ctx, network, e.name)
		if err == nil { // only those that were known: alone, the name could be completed by another search domain
			again = canonical(again)
			lost = slices.DeleteFunc(lost, func(a netip.Addr) bool { return !slices.Contains(again, a) })
		} else if classify(err) == NotFound {
			continue
		}
		answer = canonical(append(answer, lost...))
	}
	return answer
}
