package source

import (
	"fmt"
	"strings"
	"testing"
)

func TestCollectorKeepsFindings(t *testing.T) {
	var c Collector
	if !c.Empty() || len(c.List()) != 0 {
		t.Error("the zero collector has findings")
	}
	c.Add(Finding{Code: "A", Message: "one"})
	c.Addf(Finding{Code: "B"}, "%s %d", "two", 2)
	if got, want := fmt.Sprint(messages(c.List())), "[A one B two 2]"; got != want || c.Empty() {
		t.Errorf("got %s, want %s", got, want)
	}
}

func messages(l List) (out []string) {
	for _, f := range l {
		out = append(out, f.Code, f.Message)
	}
	return out
}

func TestCollectorCounts(t *testing.T) {
	var c Collector
	for range MaxFindings {
		c.Add(Finding{Severity: Suggestion})
	}
	if got := c.List(); len(got) != MaxFindings || got.HasErrors() {
		t.Errorf("%d findings, with errors: %v", len(got), got.HasErrors())
	}
	c.Add(Finding{Code: "A", Severity: Warning, Span: Span{5, 6}, Path: "/a"})
	c.Addf(Finding{Code: "B", Severity: Error, Span: Span{7, 8}}, "b")
	c.Add(Finding{Code: "C", Severity: Suggestion})
	got := c.List()
	if len(got) != MaxFindings+1 {
		t.Fatalf("%d findings", len(got))
	}
	last := got[MaxFindings]
	if last.Code != CodeTooMany || last.Severity != Error || last.Span != (Span{5, 6}) || last.Path != "/a" || !strings.Contains(last.Message, " 3 more") {
		t.Errorf("got %+v", last)
	}
}

func TestCollectorCuts(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	var c Collector
	c.Addf(Finding{Path: long, Hint: long}, "%q and %s", long, long)
	f := c.List()[0]
	for _, s := range []string{f.Path, f.Message, f.Hint} {
		if len(s) > maxText+len(ellipsis) || !strings.HasSuffix(s, ellipsis) {
			t.Errorf("%d bytes: %.20q", len(s), s)
		}
	}
}

// A clone does not write into what it was made from.
func TestCollectorClone(t *testing.T) {
	var c Collector
	for range 3 {
		c.Add(Finding{Code: "A"})
	}
	one, other := c.Clone(), c.Clone()
	one.Add(Finding{Code: "B"})
	other.Add(Finding{Code: "C"})
	if got := one.List()[3].Code + other.List()[3].Code; got != "BC" || len(c.List()) != 3 {
		t.Errorf("got %s and %d", got, len(c.List()))
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"aéb", 2, "a…"}, {"aéb", 3, "aé…"}, {"é", 1, "…"}, {"\x80\x80", 1, "…"},
	} {
		if got := Clip(tt.s, tt.n); got != tt.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", tt.s, tt.n, got, tt.want)
		}
	}
}
