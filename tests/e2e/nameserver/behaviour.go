package nameserver

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Failure is a way to fail a query.
type Failure int

// The failures. A name that was never Set gets NXDOMAIN in any case.
const (
	None          Failure = iota
	Silent                // no answer: the client's own timeout ends the query
	ServerFailure         // SERVFAIL
	Refused               // REFUSED
	NameError             // NXDOMAIN
	Empty                 // success without addresses
	Truncated             // an empty truncated answer over UDP, the addresses over TCP
	FormatError           // FORMERR
)

// Order says how to answer queries. The zero value means an immediate answer with addresses.
type Order struct {
	Failure Failure
	// Delay delays the answer, in addition to Server.Delay.
	Delay time.Duration
	// Subset is how many addresses to return, chosen at random for each answer. 0 means all.
	Subset int
}

// packetSize is the size of the largest answer sent over UDP without truncation, in bytes.
const packetSize = 1232

// behaviour is guarded by the server's mutex.
type behaviour struct {
	addresses map[string][]answer // by name, in order of time
	orders    map[string]Order    // by name with an optional type, such as "app.test AAAA"; "" for all names
	delay     time.Duration
	ttl       time.Duration // of cached answers
	cached    map[asker]cached
	queries   map[string]int // by name; "" for the total
	kinds     map[string]int // by network and type, such as "udp A"
}

// answer is a set of addresses from some time on.
type answer struct {
	from      time.Time
	addresses []netip.Addr
}

// asker is a client and the name that it asks for.
type asker struct {
	from netip.Addr
	name string
}

// cached is an answer for an asker until some time.
type cached struct {
	addresses []netip.Addr
	known     bool
	until     time.Time
}

func newBehaviour() behaviour {
	return behaviour{
		addresses: map[string][]answer{}, orders: map[string]Order{}, cached: map[asker]cached{},
		queries: map[string]int{}, kinds: map[string]int{},
	}
}

// canonical returns a name in the form in which names are compared: lower case, without the final
// dot.
func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// Set replaces the addresses of a name. Without addresses the name exists but has none.
func (s *Server) Set(name string, addresses ...netip.Addr) {
	s.SetFrom(time.Now(), name, addresses...)
}

// SetFrom is like Set from a given time on. Until then the old answers remain, as in a cache.
// Changes set for a later time are dropped.
func (s *Server) SetFrom(from time.Time, name string, addresses ...netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = canonical(name)
	earlier := slices.DeleteFunc(s.addresses[name], func(one answer) bool { return !one.from.Before(from) })
	s.addresses[name] = append(earlier, answer{from, slices.Clone(addresses)})
}

// current returns the addresses of a name, and whether it exists.
func (s *Server) current(name string) (addresses []netip.Addr, known bool) {
	now, kept := time.Now(), s.addresses[name]
	for len(kept) > 1 && !kept[1].from.After(now) {
		kept = kept[1:]
	}
	if len(kept) == 0 || kept[0].from.After(now) {
		return nil, false
	}
	s.addresses[name] = kept
	return kept[0].addresses, true
}

// Cache gives each client address its own cache: for the time ttl it gets the same answer for a
// name again. 0 ends that.
func (s *Server) Cache(ttl time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ttl = ttl
	clear(s.cached)
}

// remembered returns the cached answer for this asker, or the current one.
func (s *Server) remembered(who asker) (addresses []netip.Addr, known bool) {
	if s.ttl <= 0 {
		return s.current(who.name)
	}
	now := time.Now()
	kept := s.cached[who]
	if now.After(kept.until) {
		kept.addresses, kept.known = s.current(who.name)
		kept.until = now.Add(s.ttl)
		s.cached[who] = kept
	}
	return kept.addresses, kept.known
}

// Remove removes a name: NXDOMAIN from now on.
func (s *Server) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.addresses, canonical(name))
}

// Fail makes queries for a name fail. With an empty name it affects all names without an order of
// their own. None ends the failure.
func (s *Server) Fail(name string, failure Failure) { s.Order(name, "", Order{Failure: failure}) }

// Order says how to answer queries for a name. With an empty name it affects all names without an
// order of their own. kind limits it to queries of type "A" or "AAAA". The zero order removes it.
func (s *Server) Order(name, kind string, order Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := orderKey(canonical(name), kind)
	if order == (Order{}) {
		delete(s.orders, key)
		return
	}
	s.orders[key] = order
}

func orderKey(name, kind string) string { return strings.TrimSpace(name + " " + kind) }

// orderFor returns the most specific order for a query.
func (s *Server) orderFor(name, kind string) Order {
	for _, key := range []string{orderKey(name, kind), name, orderKey("", kind)} {
		if order, found := s.orders[key]; found {
			return order
		}
	}
	return s.orders[""]
}

// Delay delays every answer. 0 or less ends the delay.
func (s *Server) Delay(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = delay
}

// Queries returns how many queries for a name have come, of any type, answered or not. With an
// empty name it returns the total.
func (s *Server) Queries(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries[canonical(name)]
}

// QueriesOf returns how many queries of one kind have come: "udp A", "udp AAAA", "tcp A" or "tcp
// AAAA".
func (s *Server) QueriesOf(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kinds[kind]
}

var typeNames = map[dnsmessage.Type]string{dnsmessage.TypeA: "A", dnsmessage.TypeAAAA: "AAAA"}

// respond returns the answer, or nil for none.
func (s *Server) respond(network string, from net.Addr, query []byte) (answer []byte, delay time.Duration) {
	var asked dnsmessage.Message
	if err := asked.Unpack(query); err != nil || len(asked.Questions) != 1 {
		return nil, 0
	}
	question := asked.Questions[0]
	name := canonical(question.Name.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries[name]++
	if name != "" {
		s.queries[""]++
	}
	s.kinds[network+" "+typeNames[question.Type]]++
	order := s.orderFor(name, typeNames[question.Type])
	failure := order.Failure
	if failure == Silent {
		return nil, 0
	}
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: asked.ID, Response: true, RecursionDesired: asked.RecursionDesired, RecursionAvailable: true, Authoritative: true,
		},
		Questions: asked.Questions,
	}
	addresses, known := s.remembered(asker{addressOf(from), name})
	switch {
	case failure == ServerFailure:
		reply.RCode = dnsmessage.RCodeServerFailure
	case failure == Refused:
		reply.RCode = dnsmessage.RCodeRefused
	case failure == FormatError:
		reply.RCode = dnsmessage.RCodeFormatError
	case failure == NameError, !known:
		reply.RCode = dnsmessage.RCodeNameError
	case failure == Empty:
	case failure == Truncated && network == "udp":
		reply.Truncated = true
	default:
		reply.Answers = records(question, addresses)
		if order.Subset > 0 && order.Subset < len(reply.Answers) {
			rand.Shuffle(len(reply.Answers), func(i, j int) { reply.Answers[i], reply.Answers[j] = reply.Answers[j], reply.Answers[i] })
			reply.Answers = reply.Answers[:order.Subset]
		}
	}
	packed, err := reply.Pack()
	for network == "udp" && err == nil && len(packed) > packetSize {
		reply.Truncated = true
		reply.Answers = reply.Answers[:len(reply.Answers)/2]
		packed, err = reply.Pack()
	}
	if err != nil { // more addresses than fit into a message
		return nil, 0
	}
	return packed, s.delay + order.Delay
}

// addressOf returns the address without the port.
func addressOf(from net.Addr) netip.Addr {
	parsed, _ := netip.ParseAddrPort(from.String()) // always a UDP or TCP address
	return parsed.Addr()
}

// records returns the addresses of the requested type.
func records(question dnsmessage.Question, addresses []netip.Addr) []dnsmessage.Resource {
	var found []dnsmessage.Resource
	for _, address := range addresses {
		record := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class}}
		switch {
		case address.Is4() && question.Type == dnsmessage.TypeA:
			record.Body = &dnsmessage.AResource{A: address.As4()}
		case address.Is6() && question.Type == dnsmessage.TypeAAAA:
			record.Body = &dnsmessage.AAAAResource{AAAA: address.As16()}
		default:
			continue
		}
		found = append(found, record)
	}
	return found
}
