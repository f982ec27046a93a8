package policy

import (
	"fmt"
	"slices"
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

func contains(names []string, name string) bool { return slices.Contains(names, name) }

// suggest returns a hint that names the candidate closest to name, or "" where
// none is close.
func suggest(name string, candidates []string) string {
	const far = 3
	best, distance := "", far
	for _, c := range candidates {
		if strings.EqualFold(name, c) {
			best = c
			break
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(c), distance); d < distance && d*3 <= len(c) {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// editDistance counts the bytes to insert, drop or replace to get from a to b,
// up to limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
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
	return min(row[len(b)], limit)
}
