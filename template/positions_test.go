package template

import (
	"strconv"
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// In every form of a string, each word of its text is found where it was
// written.
func TestScalarOffsets(t *testing.T) {
	tests := []struct{ name, yaml, word, want string }{
		{"plain", "one two three", "two", "two"},
		{"plain over lines", "one\n  two\n\n  three", "three", "three"},
		{"double", `"one two"`, "two", "two"},
		{"double with escapes", `"a\tb \u0041\x42 two"`, "AB", `\u0041\x42`},
		{"double with eight digits", `"\U0001F600 two"`, "two", "two"},
		{"double over lines", "\"one\n  two \\\n  three\"", "three", "three"},
		{"single", "'it''s two'", "s two", "s two"},
		{"single quote itself", "'it''s'", "'", "''"},
		{"literal", "|\n  one\n    two\n\n  three\n", "two", "two"},
		{"literal, last line", "|-\n  one\n    two\n\n  three\n", "three", "three"},
		{"literal, indented further at first", "|2\n     one\n   two\n", "two", "two"},
		{"literal with an empty line of spaces", "|\n  one\n      \n  two\n", "two", "two"},
		{"literal with windows line ends", "|\r\n  one\r\n  two\r\n", "two", "two"},
		{"folded", ">\n  one\n  two\n\n  three\n", "three", "three"},
		{"folded with indented lines", ">-\n  one\n   two\n  three\n", "three", "three"},
		{"kept line ends", "|+\n  one\n  two\n\n\n", "two", "two"},
		{"characters of several bytes", "|\n  äöü two\n", "two", "two"},
		{"empty", "''", "", ""},
	}
	for _, tt := range tests {
		file := source.NewFile("t.yaml", "a: "+tt.yaml)
		root, _, err := yamltree.Parse(file.Text)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		v := root.Get("a")
		offsets := scalarOffsets(file.Slice(v.Span), v.Text)
		at := strings.Index(v.Text, tt.word)
		if len(offsets) != len(v.Text)+1 || at < 0 {
			t.Errorf("%s: %d offsets for %q", tt.name, len(offsets), v.Text)
			continue
		}
		written := file.Slice(v.Span)
		if got := written[offsets[at]:offsets[at+len(tt.word)]]; got != tt.want {
			t.Errorf("%s: %q is at %q", tt.name, tt.word, got)
		}
	}
}

func FuzzScalarOffsets(f *testing.F) {
	for _, s := range []string{"plain text", `"a\u0041b"`, "'it''s'", "|\n  a\n   b\n", ">\n  a\n  b\n", `"\ud83d\ude00"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, scalar string) {
		for _, parse := range []func(string) (*jsontree.Value, []jsontree.Duplicate, *jsontree.Error){yamltree.Parse, jsontree.Parse} {
			root, _, err := parse(scalar)
			if err != nil || root.Kind != jsontree.String {
				continue
			}
			written := scalar[root.Span.Start:root.Span.End]
			offsets := scalarOffsets(written, root.Text)
			if offsets == nil {
				continue
			}
			if len(offsets) != len(root.Text)+1 {
				t.Fatalf("%d offsets for %q", len(offsets), root.Text)
			}
			for i, at := range offsets {
				if int(at) > len(written) || i > 0 && at < offsets[i-1] {
					t.Fatalf("offset %d of %q is %d", i, root.Text, at)
				}
			}
		}
	})
}

// Every value of a policy in the test data whose text is written as it is stands
// where its span says.
func TestPolicyPositions(t *testing.T) {
	checked := 0
	var statement source.Span // what SAM makes has the span of its statement in all parts
	for _, c := range goldenTemplates(t) {
		for i := range c.template.Policies {
			doc := c.template.Policies[i].Document
			if doc == nil {
				continue
			}
			policy.Walk(doc, func(_ policy.Place, node any) bool {
				if st, ok := node.(*policy.Statement); ok {
					statement = st.Span
				}
				v, ok := node.(*policy.Value)
				if !ok {
					return true
				}
				at := doc.File.Slice(v.Span)
				for _, form := range []string{v.Text, strconv.Quote(v.Text), "'" + v.Text + "'", `\"` + v.Text + `\"`, "'" + strings.ReplaceAll(v.Text, "'", "''") + "'", `"` + strings.ReplaceAll(v.Text, "'", "''") + `"`} {
					if at == form {
						checked++
						return true
					}
				}
				made := permissionFacts()[c.template.Policies[i].Type] != nil // AWS makes ARNs of names
				if made && strings.Contains(v.Text, strings.Trim(at, "'")) {
					return true
				}
				if !strings.ContainsAny(at, "!{$") && v.Span != statement && v.Literal != policy.Malformed {
					t.Errorf("%s: %q stands at %q", c.name, v.Text, at)
				}
				return true
			})
		}
	}
	if checked < 150 {
		t.Errorf("only %d values were compared", checked)
	}
}
