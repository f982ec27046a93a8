package arn

import (
	"slices"
	"strings"
)

// partitions lists the partitions of AWS, how the names of their Regions begin,
// and the domain of their services. The first prefix that fits decides; every
// other Region is in aws.
//
// Source: partitions.json as botocore and the other AWS SDKs carry it
// (regionRegex, dnsSuffix), read 2026-11-21; aws-eusc is in its newer versions
// only.
var partitions = []struct{ name, regionPrefix, domain string }{
	{"aws-cn", "cn-", "amazonaws.com.cn"},
	{"aws-us-gov", "us-gov-", "amazonaws.com"},
	{"aws-iso", "us-iso-", "c2s.ic.gov"},
	{"aws-iso-b", "us-isob-", "sc2s.sgov.gov"},
	{"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"},
	{"aws-iso-f", "us-isof-", "csp.hci.ic.gov"},
	{"aws-eusc", "eusc-", "amazonaws.eu"},
	{"aws", "", "amazonaws.com"},
}

// PartitionOf returns the partition in which the Region lies, judged by the
// beginning of its name. It reports false when region does not have the form of
// a Region name.
func PartitionOf(region string) (partition string, ok bool) {
	if !ValidRegion(region) {
		return "", false
	}
	for _, p := range partitions {
		if strings.HasPrefix(region, p.regionPrefix) {
			return p.name, true
		}
	}
	return "", false
}

// DomainOf returns the domain in which the services of a partition have their
// hosts, such as "amazonaws.com"; "" when there is no such partition.
func DomainOf(partition string) string {
	for _, p := range partitions {
		if p.name == partition {
			return p.domain
		}
	}
	return ""
}

// Domains returns the domains of all partitions, sorted, as a new slice.
func Domains() []string {
	var all []string
	for _, p := range partitions {
		all = append(all, p.domain)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ValidPartition reports whether s is the name of a partition.
func ValidPartition(s string) bool {
	for _, p := range partitions {
		if p.name == s {
			return true
		}
	}
	return false
}

// ValidAccount reports whether s has the form of an account ID, 12 digits.
func ValidAccount(s string) bool {
	return len(s) == 12 && only(s, '0', '9')
}

// ValidRegion reports whether s has the form of a Region name: small letters
// in at least two words, and a number, joined by hyphens, such as eu-central-1
// or us-gov-west-1. It does not know which Regions exist.
func ValidRegion(s string) bool {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return false
	}
	number, rest := s[i+1:], s[:i]
	if len(number) == 0 || len(number) > 2 || !only(number, '0', '9') {
		return false
	}
	words := 0
	for more := true; more; words++ {
		var word string
		word, rest, more = strings.Cut(rest, "-")
		if len(word) < 2 || len(word) > 16 || !only(word, 'a', 'z') {
			return false
		}
	}
	return words == 2 || words == 3
}

// only reports whether all bytes of s lie between low and high.
func only(s string, low, high byte) bool {
	for i := range len(s) {
		if s[i] < low || s[i] > high {
			return false
		}
	}
	return true
}
