package near

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	known := []string{"Resource", "NotResource", "Statement", "Sid", "ItemProcessor", "Items"}
	for _, c := range []struct {
		name string
		n    int
		want []string
	}{
		{"Resources", 1, []string{"Resource"}},
		{"resource", 1, []string{"Resource"}},
		{"Resuorce", 1, []string{"Resource"}},
		{"Statment", 1, []string{"Statement"}},
		{"ItemProcessorConfig", 1, []string{"ItemProcessor"}},
		{"Item", 2, []string{"Items", "ItemProcessor"}},
		{"Sd", 1, []string{"Sid"}},
		{"X", 1, []string{}},
		{"", 1, []string{}},
		{"Quantity", 3, []string{}},
		{strings.Repeat("R", 1000), 1, []string{}},
	} {
		if got := new(Finder).Names(c.name, known, c.n); !slices.Equal(got, c.want) {
			t.Errorf("Names(%.20q, %d) = %q, want %q", c.name, c.n, got, c.want)
		}
	}
}

func TestHint(t *testing.T) {
	if got, want := Hint("Efect", []string{"Effect"}), `did you mean "Effect"?`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Hint("Colour", []string{"Effect"}); got != "" {
		t.Errorf("got %q, want no hint", got)
	}
}

// A hostile text gets its first hints and then none, instead of taking for ever.
func TestFinderGivesUp(t *testing.T) {
	known := make([]string, 1000)
	for i := range known {
		known[i] = "name"
	}
	f := new(Finder)
	for range maxCompared / len(known) {
		if f.Hint("nam", known) == "" {
			t.Fatal("no hint within the bound")
		}
	}
	if got := f.Hint("nam", known); got != "" {
		t.Errorf("a hint beyond the bound: %q", got)
	}
}

func TestQuote(t *testing.T) {
	if got := Quote(strings.Repeat("é", 100)); got != `"`+strings.Repeat("é", 80)+`..."` {
		t.Errorf("got %s", got)
	}
	if got := Quote(strings.Repeat("𝒳", 81)); got != `"`+strings.Repeat("𝒳", 80)+`..."` {
		t.Errorf("got %s", got)
	}
	if got := QuoteAll([]string{"a", `b"`}); got != `"a", "b\""` {
		t.Errorf("got %s", got)
	}
}
