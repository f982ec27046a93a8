package authz

// Letter case does not count in actions and condition keys. As in package pattern
// that means ASCII letters; all others compare as they are.

// lower returns s with small letters. It does not allocate where s has them
// already.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return lowerBytes([]byte(s))
		}
	}
	return s
}

func lowerBytes(b []byte) string {
	for i := range b {
		b[i] = lowerByte(b[i])
	}
	return string(b)
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// equalFold reports whether a and b differ in letter case at most.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}
