package check

import (
	"net/netip"

	"github.com/writ-iam/writ/policy"
)

// aboutAddresses is about ranges of addresses.
var aboutAddresses = &finder{condition: addresses}

// privateRanges never occur as the address that a request came from over the
// internet.
//
// Source: RFC 1918 and RFC 4193.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
}

func addresses(r *run, _ *statement, c *condition) {
	if !c.known || c.op.Family != policy.FamilyIP {
		return
	}
	private, public := 0, 0
	for i := range c.entries {
		e := &c.entries[i]
		network, ok := policy.ParseNetwork(e.text)
		if !ok {
			public++ // what it is the reader has reported
			continue
		}
		if isPrivate(network) {
			private++
		} else {
			public++
		}
		if given, err := netip.ParsePrefix(e.text); err == nil && given.Addr() != network.Addr() {
			r.report("IMPROVE_IP_RANGE", e.place(), "write "+network.String(), "the bits of %s behind the first %d do not count", quote(e.text), network.Bits())
		}
	}
	if private == 0 || c.lower != "aws:sourceip" {
		return
	}
	code, says := "PRIVATE_IP_ADDRESS", "requests come from public addresses only: this never matches"
	switch {
	case c.op.Negated && public > 0:
		code, says = "PRIVATE_NOT_IP_ADDRESS_SUBSET", "requests come from public addresses only: the private ones among these exclude nothing"
	case c.op.Negated:
		code, says = "PRIVATE_NOT_IP_ADDRESS", "requests come from public addresses only: this always matches"
	case public > 0:
		code, says = "PRIVATE_IP_ADDRESS_SUBSET", "requests come from public addresses only: the private ones among these never match"
	}
	r.report(code, c.place(), "for addresses in a VPC test aws:VpcSourceIp", "%s", says)
}

func isPrivate(network netip.Prefix) bool {
	for _, p := range privateRanges {
		if p.Bits() <= network.Bits() && p.Contains(network.Addr()) {
			return true
		}
	}
	return false
}
