package main

import (
	"fmt"
	"net/netip"
	"strings"
)

type lookup struct {
	Address string `json:"address"`
	Index   *int   `json:"index"`
}

type cidrTable struct {
	Name    string   `json:"name"`
	CIDRs   []string `json:"cidrs"`
	Lookups []lookup `json:"lookups"`
}

type refusedCIDRs struct {
	Name     string   `json:"name"`
	CIDRs    []string `json:"cidrs"`
	Index    *int     `json:"index"`
	Contains []string `json:"contains"`
}

type cidrs struct {
	Tables  []cidrTable    `json:"tables"`
	Refused []refusedCIDRs `json:"refused"`
}

const none = -1

func cidrVectors() cidrs { return cidrs{cidrTables(), refusedCIDRLists()} }

func cidrTables() (all []cidrTable) {
	table := func(name string, cidrs []string, lookups ...lookup) {
		all = append(all, cidrTable{name, cidrs, lookups})
	}
	at := func(i int, addresses ...string) (found []lookup) {
		for _, address := range addresses {
			if i == none {
				found = append(found, lookup{address, nil})
			} else {
				found = append(found, lookup{address, index(i)})
			}
		}
		return found
	}
	join := func(parts ...[]lookup) (found []lookup) {
		for _, part := range parts {
			found = append(found, part...)
		}
		return found
	}

	table("one IPv4 prefix", []string{"10.0.0.0/24"}, join(
		at(0, "10.0.0.0", "10.0.0.1", "10.0.0.128", "10.0.0.255", "::ffff:10.0.0.1", "::ffff:10.0.0.255"),
		at(none, "9.255.255.255", "10.0.1.0", "10.1.0.0", "11.0.0.0", "138.0.0.1", "::ffff:10.0.1.0",
			"::10.0.0.1", "64:ff9b::10.0.0.1", "2001:db8::1", "::", "::1"))...)
	table("one IPv6 prefix", []string{"2001:db8::/32"}, join(
		at(0, "2001:db8::", "2001:db8::1", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::10.0.0.1"),
		at(none, "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "a001:db8::1", "10.0.0.1", "::ffff:10.0.0.1"))...)
	table("the longest prefix wins", []string{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32"}, join(
		at(0, "10.0.0.1", "10.2.0.0", "10.255.255.255"), at(1, "10.1.0.0", "10.1.1.255", "10.1.3.0", "10.1.255.255"),
		at(2, "10.1.2.0", "10.1.2.2", "10.1.2.4", "10.1.2.255"), at(3, "10.1.2.3", "::ffff:10.1.2.3"),
		at(none, "9.255.255.255", "11.0.0.0"))...)
	table("the longest prefix wins in any order", []string{"10.1.2.3/32", "10.1.0.0/16", "10.1.2.0/24", "10.0.0.0/8"}, join(
		at(0, "10.1.2.3"), at(1, "10.1.3.1"), at(2, "10.1.2.4"), at(3, "10.2.0.0"))...)
	table("the longest IPv6 prefix wins", []string{"2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:2::/64", "2001:db8:1:2::3/128"}, join(
		at(0, "2001:db8::1", "2001:db8:2::"), at(1, "2001:db8:1::", "2001:db8:1:3::"),
		at(2, "2001:db8:1:2::2", "2001:db8:1:2::4"), at(3, "2001:db8:1:2::3"), at(none, "2001:db9::"))...)
	table("two halves and the whole", []string{"10.0.0.0/24", "10.0.0.0/25", "10.0.0.128/25"}, join(
		at(1, "10.0.0.0", "10.0.0.127"), at(2, "10.0.0.128", "10.0.0.255"), at(none, "10.0.1.0"))...)
	table("gaps fall back to the shorter prefix", []string{"10.0.0.0/16", "10.0.0.0/30", "10.0.0.8/30"}, join(
		at(0, "10.0.0.4", "10.0.0.7", "10.0.0.12", "10.0.255.255"), at(1, "10.0.0.3"), at(2, "10.0.0.8", "10.0.0.11"))...)
	table("one address of each family", []string{"10.0.0.1/32", "2001:db8::1/128"}, join(
		at(0, "10.0.0.1", "::ffff:10.0.0.1"), at(1, "2001:db8::1"),
		at(none, "10.0.0.0", "10.0.0.2", "2001:db8::", "2001:db8::2", "2001:db8::1:1"))...)
	table("everything; some addresses never match", []string{"0.0.0.0/0", "::/0"}, join(
		at(0, "0.0.0.1", "1.1.1.1", "10.0.0.1", "127.0.0.1", "169.254.1.1", "223.255.255.255", "240.0.0.0", "240.0.0.1",
			"255.255.255.254", "10.255.255.255", "::ffff:1.2.3.4"),
		at(1, "::1", "::2", "fe80::1", "feff:ffff::1", "2001:db8::1", "::10.0.0.1", "64:ff9b::1.2.3.4", "::fffe:1.2.3.4", "::ffff:0:1.2.3.4"),
		at(none, "0.0.0.0", "255.255.255.255", "224.0.0.0", "224.0.0.1", "239.255.255.255", "::", "ff00::", "ff02::1",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:0.0.0.0", "::ffff:224.0.0.1", "::ffff:255.255.255.255"))...)
	table("IPv4 everything is not IPv6", []string{"0.0.0.0/0"}, join(
		at(0, "10.0.0.1", "::ffff:10.0.0.1"), at(none, "2001:db8::1", "::1", "::10.0.0.1"))...)
	table("IPv6 everything is not IPv4", []string{"::/0"}, join(
		at(0, "2001:db8::1", "::1"), at(none, "10.0.0.1", "::ffff:10.0.0.1", "::ffff:0.0.0.1"))...)
	table("addresses that never match, though listed",
		[]string{"0.0.0.0/32", "255.255.255.255/32", "224.0.0.0/4", "::/128", "ff00::/8", "ff02::1/128"},
		at(none, "0.0.0.0", "255.255.255.255", "224.0.0.1", "239.1.1.1", "::", "ff00::1", "ff02::1", "::ffff:224.0.0.1")...)
	table("the last address of a subnet is no broadcast address to us", []string{"10.0.0.0/30"}, at(0, "10.0.0.0", "10.0.0.3")...)
	table("IPv4-mapped prefixes are IPv4", []string{"::ffff:10.0.0.0/104", "::ffff:10.1.0.0/112", "::ffff:10.1.2.3/128"}, join(
		at(0, "10.0.0.1", "10.255.0.1", "::ffff:10.0.0.1"), at(1, "10.1.0.1"), at(2, "10.1.2.3", "::ffff:10.1.2.3"),
		at(none, "11.0.0.1", "::10.0.0.1"))...)
	table("an IPv4-mapped prefix beside the IPv4 ones", []string{"10.0.0.0/8", "::ffff:10.1.0.0/112", "10.1.2.0/24"}, join(
		at(0, "10.0.0.1"), at(1, "10.1.0.1", "::ffff:10.1.0.1"), at(2, "10.1.2.1"))...)
	table("mapped everything is IPv4 everything", []string{"::ffff:0:0/96"}, join(
		at(0, "10.0.0.1", "::ffff:10.0.0.1"), at(none, "2001:db8::1", "0.0.0.0"))...)
	table("a shorter prefix around the mapped range matches no IPv4", []string{"::fffe:0:0/95", "::/80"}, join(
		at(0, "::fffe:1.2.3.4"), at(1, "::1.2.3.4", "::1"), at(none, "1.2.3.4", "::ffff:1.2.3.4"))...)
	table("IPv4-compatible and NAT64 prefixes are IPv6", []string{"::10.0.0.0/104", "64:ff9b::/96"}, join(
		at(0, "::10.0.0.1"), at(1, "64:ff9b::10.0.0.1"), at(none, "10.0.0.1", "::ffff:10.0.0.1"))...)
	table("other spellings of a prefix", []string{"2001:DB8:0:0:0:0:0:0/32", "2001:0db9::/32", "0:0:0:0:0:FFFF:0A00:0000/104"}, join(
		at(0, "2001:db8::1"), at(1, "2001:db9::1"), at(2, "10.0.0.1"))...)
	table("neighbours of two upstreams", []string{"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/23"}, join(
		at(0, "10.0.0.255"), at(1, "10.0.1.0", "10.0.1.255"), at(2, "10.0.2.0", "10.0.3.255"), at(none, "10.0.4.0"))...)
	all = append(all, everyLength("every IPv4 length", "10.170.85.170"), everyLength("every IPv6 length", "2001:db8:5555:aaaa:1234:5678:9abc:def0"))
	return all
}

// everyLength returns one prefix of each length for the address. An address whose first different
// bit is n matches the prefix of length n.
func everyLength(name, address string) cidrTable {
	all := cidrTable{Name: name}
	addr := netip.MustParseAddr(address)
	for n := 0; n <= addr.BitLen(); n++ {
		all.CIDRs = append(all.CIDRs, netip.PrefixFrom(addr, n).Masked().String())
		other := addr
		if n < addr.BitLen() {
			other, _ = netip.AddrFromSlice(flip(addr.AsSlice(), n))
		}
		all.Lookups = append(all.Lookups, lookup{other.String(), index(n)})
	}
	return all
}

func refusedCIDRLists() (all []refusedCIDRs) {
	refuse := func(name string, i int, cidrs []string, contains ...string) {
		refused := refusedCIDRs{Name: name, CIDRs: cidrs, Contains: append([]string{}, contains...)}
		if i != none {
			refused.Index = index(i)
		}
		all = append(all, refused)
	}
	refuse("no CIDR", none, []string{})
	one := func(cidr string, contains ...string) {
		refuse(cidr, 0, []string{cidr}, append(plain(cidr), contains...)...)
	}
	// For a bare address and for set host bits, the error offers the right form.
	one("10.0.0.1", "10.0.0.1/32")
	one("2001:db8::1", "2001:db8::1/128")
	one("::ffff:10.0.0.1", "10.0.0.1")
	one("0.0.0.0", "0.0.0.0/32")
	one("10.0.0.1/24", "10.0.0.0/24")
	one("10.0.0.128/24", "10.0.0.0/24")
	one("10.1.2.3/8", "10.0.0.0/8")
	one("10.0.0.1/0", "0.0.0.0/0")
	one("10.0.0.1/31", "10.0.0.0/31")
	one("2001:db8::1/32", "2001:db8::/32")
	one("2001:db8::1/0", "::/0")
	one("2001:db8::1/127", "2001:db8::/127")
	one("::ffff:10.0.0.1/120", "10.0.0.0")
	one("::ffff:0:0/95")
	// Not a CIDR.
	for _, cidr := range []string{
		"10.0.0.0/33", "10.0.0.0/128", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "/24", "/", "10.0.0.0/8/8",
		"10.0.0.0/08", "10.0.0.0/024", "10.0.0.0/0x8", "10.0.0.0/8.0", "10.0.0.0/eight", "10.0.0.0/256", "10.0.0.0/4294967304",
		"10.0.0/24", "10/8", "10.0.0.0.0/8", "256.0.0.0/8", "010.0.0.0/8", "10.0.0.00/8", "0x0a.0.0.0/8", "10.0..0/8", "10.0.0.0./8",
		"10.0.0.0/255.0.0.0", "10.0.0.0-10.0.0.255", "10.0.0.*", "10.0.0.0:8080/24", "10.0.0.0,10.1.0.0/16", "10.0.0.0/24,",
		"2001:db8::/129", "2001:db8::/-1", "2001:db8::/032", "2001:db8:::/32", "2001::db8::/32", "2001:db8/32", "12345::/16",
		"g::/16", "1:2:3:4:5:6:7:8:9/64", "[2001:db8::]/32", "[2001:db8::/32]", "::ffff:10.0.0.0/129", "::ffff:010.0.0.0/104",
		"fe80::%eth0/64", "fe80::%1/64", "fe80::/64%eth0", "fe80::%25eth0/64",
		"localhost", "localhost/8", "example.com/24", "*", "all", "private_ranges", "{env.POD_CIDR}", "\"10.0.0.0/24\"",
		"10.0.0.0/２４", "１０.0.0.0/8", "é", "10.0.0.0\u00a0/8",
	} {
		one(cidr)
	}
	refuse("a very long word", 0, []string{strings.Repeat("1", 5000)})
	refuse("a very long word of two-byte letters", 0, []string{strings.Repeat("é", 700)})
	// The position of the fault.
	for i := range 3 {
		list := []string{"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"}
		list[i] = "10.9.0.1/24"
		refuse(fmt.Sprintf("the fault is at index %d", i), i, list, "10.9.0.1/24", "10.9.0.0/24")
	}
	// The same CIDR twice.
	refuse("repeated", 1, []string{"10.0.0.0/24", "10.0.0.0/24"}, "10.0.0.0/24")
	refuse("repeated at the end", 3, []string{"10.0.0.0/24", "10.0.1.0/24", "2001:db8::/32", "10.0.0.0/24"}, "10.0.0.0/24")
	refuse("repeated in IPv6", 2, []string{"2001:db8::/32", "10.0.1.0/24", "2001:db8::/32"}, "2001:db8::/32")
	refuse("repeated in another spelling", 1, []string{"2001:db8::/32", "2001:0DB8:0::/32"}, "2001:db8::/32")
	refuse("repeated as IPv4-mapped", 1, []string{"10.0.0.0/24", "::ffff:10.0.0.0/120"}, "10.0.0.0")
	refuse("repeated everything", 1, []string{"0.0.0.0/0", "::ffff:0:0/96"}, "0")
	return all
}

// plain returns values that an error must repeat unchanged. A value with quotes or letters outside
// ASCII may be escaped.
func plain(value string) []string {
	for _, c := range value {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return nil
		}
	}
	return []string{value}
}
