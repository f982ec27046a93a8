package policy

import "testing"

func TestFamilyAccepts(t *testing.T) {
	tests := []struct {
		family  Family
		yes, no []string
	}{
		{FamilyString, []string{"", "x"}, nil},
		{FamilyARN, []string{"", "x"}, nil},
		{FamilyNumeric, []string{"0", "-1", "+1", "1.50", ".5", "1e400"}, []string{"", "x", "1.", "1 000", "0x10", "1e9999", "--1"}},
		{FamilyDate, []string{"2026", "2026-01", "2026-01-31", "2026-01-31T10:00Z", "2026-01-31T10:00:00.5+01:00", "1700000000", "-1"},
			[]string{"", "x", "2026-13", "2026-01-31T10Z", "2026-01-31T10:00:00", "2026-01-31 10:00:00Z"}},
		{FamilyBool, []string{"true", "FALSE"}, []string{"", "yes", "1"}},
		{FamilyNull, []string{"true", "False"}, []string{"", "yes", "1"}},
		{FamilyBinary, []string{"", "aGVsbG8="}, []string{"aGVsbG8", "no base64"}},
		{FamilyIP, []string{"10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "::1"}, []string{"", "x", "10.0.0.0/99", "10.0.0", "fe80::1%eth0", "10.0.0.0/"}},
	}
	for _, tt := range tests {
		for _, text := range tt.yes {
			if !tt.family.Accepts(text) {
				t.Errorf("family %d does not accept %q", tt.family, text)
			}
		}
		for _, text := range tt.no {
			if tt.family.Accepts(text) {
				t.Errorf("family %d accepts %q", tt.family, text)
			}
		}
	}
}

// Each line goes up; what stands in one entry is equal.
func TestDecimalCompare(t *testing.T) {
	ordered := [][]string{{"-1e3", "-1000"}, {"-2"}, {"-1.5", "-1.50"}, {"0", "-0", "0.0", "+0", "0e5"}, {".5", "0.5", "5e-1"}, {"1", "01"}, {"1.05"}, {"1.5"}, {"10", "1e1"}, {"1e400"}}
	for i, entry := range ordered {
		for j, other := range ordered {
			for _, a := range entry {
				for _, b := range other {
					n, ok := ParseDecimal(a)
					m, also := ParseDecimal(b)
					if got, want := n.Compare(m), sign(i-j); got != want || !ok || !also {
						t.Errorf("%s against %s: %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

func TestInstantCompare(t *testing.T) {
	ordered := [][]string{{"-1"}, {"00", "1970-01-01", "1970-01-01T00:00Z"}, {"1970-01-01T00:00:00.5Z"}, {"2026", "2026-01"}, {"2026-01-01T00:00:01Z", "2026-01-01T01:00:01+01:00", "1767225601"}}
	for i, entry := range ordered {
		for j, other := range ordered {
			for _, a := range entry {
				for _, b := range other {
					at, ok := ParseInstant(a)
					until, also := ParseInstant(b)
					if got, want := at.Compare(until), sign(i-j); got != want || !ok || !also {
						t.Errorf("%s against %s: %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

func sign(n int) int { return min(1, max(-1, n)) }
