package near

import (
	"math/rand/v2"
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

func TestMisspelt(t *testing.T) {
	known := Prepare([]string{"lambda", "ecs-tasks", "sagemaker", "ec2", "lex", "lexv2"})
	for name, want := range map[string]string{
		"lamda": "lambda", "ecs-task": "ecs-tasks", "sagemkaer": "sagemaker", "lambad": "", "ec3": "", "lexicon": "", "sage": "",
	} {
		if got := new(Finder).Misspelt(name, known); got != want {
			t.Errorf("Misspelt(%q) = %q, want %q", name, got, want)
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
	if n := testing.AllocsPerRun(10, func() { f.Names("nam", known, 3) }); n > 0 {
		t.Errorf("%v allocations for names that are not compared", n)
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

// What is found by way of estimates is what comparing with every name finds.
func TestNamesAgainstReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, random.IntN(12))
		for i := range b {
			b[i] = "abcABCé"[random.IntN(8)]
		}
		return string(b)
	}
	for range 2000 {
		known := make([]string, random.IntN(30))
		for i := range known {
			known[i] = word()
		}
		name, n := word(), 1+random.IntN(3)
		if got, want := new(Finder).Names(name, known, n), reference(name, known, n); !slices.Equal(got, want) {
			t.Fatalf("Names(%q, %q, %d) = %q, want %q", name, known, n, got, want)
		}
	}
}

func reference(name string, known []string, n int) []string {
	limit := max(1, (len(name)+1)/3)
	at := make(map[int][]string) // by distance
	for _, k := range known {
		d := edits(strings.ToLower(name), strings.ToLower(k))
		if d > limit || d >= len(name) {
			if d = limit + 1; !begins(name, k) && !begins(k, name) {
				continue
			}
		}
		at[d] = append(at[d], k)
	}
	found := make([]string, 0, n)
	for d := range limit + 2 {
		found = append(found, at[d]...)
	}
	return found[:min(n, len(found))]
}

// edits is the distance by its definition, from the ends of the names on.
func edits(a, b string) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		for j := range table[i] {
			switch {
			case i == 0 || j == 0:
				table[i][j] = i + j
			case a[i-1] == b[j-1]:
				table[i][j] = table[i-1][j-1]
			default:
				table[i][j] = 1 + min(table[i-1][j-1], table[i-1][j], table[i][j-1])
			}
		}
	}
	return table[len(a)][len(b)]
}

func TestTypo(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"TablName", "TableName", true},
		{"TableNaem", "TableName", true},
		{"tablename", "TableName", true},
		{"TableNames", "TableName", true},
		{"SecurityGroups", "SecurityGroupIds", false},
		{"TargetArn", "TopicArn", false},
		{"ab", "ba", true},
		{"a", "bc", false},
		{"", "", true},
	} {
		if got := Typo(c.a, c.b); got != c.want {
			t.Errorf("Typo(%q, %q) = %v", c.a, c.b, got)
		}
		if got := Typo(c.b, c.a); got != c.want {
			t.Errorf("Typo(%q, %q) = %v", c.b, c.a, got)
		}
	}
}
