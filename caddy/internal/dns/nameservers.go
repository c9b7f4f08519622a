// In: the name servers of a resolver, and which of them gave no answer.
// Out: the order in which to ask them.

package dns

import (
	"strings"
	"sync"
	"time"
)

const (
	// tryAgainAfter is how often a name server that gave no answer is asked beside the others, to find out whether it does again.
	tryAgainAfter = 5 * time.Second
	// maxSilent bounds how many of them are remembered.
	maxSilent = 256
)

// Silence remembers the name servers that gave no answer when others did, or none at all. It is shared by all names of a set, so that each
// need not find out for itself. All methods may be called from any number of goroutines.
type Silence struct {
	mu    sync.Mutex
	tried map[string]time.Time // when it was last tried
}

// NewSilence knows of none.
func NewSilence() *Silence { return &Silence{tried: make(map[string]time.Time)} }

// order returns the servers with the silent ones last, how many of them are not silent, and the silent ones that should be tried again
// beside those.
func (s *Silence) order(servers []string, now time.Time) (ordered []string, heard int, again []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var last []string
	for _, server := range servers {
		tried, silent := s.tried[server]
		if !silent {
			ordered = append(ordered, server)
			continue
		}
		last = append(last, server)
		if now.Sub(tried) >= tryAgainAfter {
			s.tried[server] = now
			again = append(again, server)
		}
	}
	if len(ordered) == 0 { // they are all that there is
		return last, 0, nil
	}
	return append(ordered, last...), len(ordered), again
}

func (s *Silence) begin(server string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tried) >= maxSilent {
		clear(s.tried)
	}
	s.tried[server] = now
}

func (s *Silence) end(server string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tried, server)
}

// split returns the network and the address of a name server. UDP needs no name.
func split(server string) (network, address string) {
	if network, address, named := strings.Cut(server, "/"); named {
		return network, address
	}
	return "udp", server
}
