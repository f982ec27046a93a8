package cases

import (
	"fmt"
	"strconv"
	"strings"
)

// quote writes a name in double quotes and cuts what would flood a terminal.
func quote(s string) string {
	const most = 60
	if r := []rune(s[:min(len(s), 4*most)]); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return strconv.Quote(s)
}

// hintBudget bounds the comparisons of names spent on hints over a whole file,
// and longestName the names that are compared, so that a hostile one stays linear.
const (
	hintBudget  = 20_000
	longestName = 100
)

// suggest returns a hint that names the candidate closest to name, or "" where
// none is close.
func (r *reader) suggest(name string, candidates []string) string {
	best, distance := "", 3
	for _, c := range candidates {
		if r.hints++; r.hints > hintBudget {
			break
		}
		if strings.EqualFold(name, c) {
			best = c
			break
		}
		if len(name) > longestName || len(c) > longestName {
			continue
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(c)); d < distance && d*3 <= len(c) {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// editDistance counts the bytes to insert, drop or replace to get from a to b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
