package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes pieces as the table below spells them: text as it is, an escape
// as <c>, a variable as {name} or {name|default}.
func show(pieces []Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		switch {
		case p.Kind == PieceText:
			b.WriteString(p.Text)
		case p.Kind == PieceEscape:
			fmt.Fprintf(&b, "<%s>", p.Text)
		case p.Variable.HasDefault:
			fmt.Fprintf(&b, "{%s|%s}", p.Variable.Name, p.Variable.Default)
		default:
			fmt.Fprintf(&b, "{%s}", p.Variable.Name)
		}
	}
	return b.String()
}

func TestParseVariables(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"plain *?$ {x} $", "plain *?$ {x} $"},
		{"${aws:username}", "{aws:username}"},
		{"a${b}c${d}${e}", "a{b}c{d}{e}"},
		{"${*}${?}${$}", "<*><?><$>"},
		{"$${a}", "${a}"},
		{"x${$}{a}", "x<$>{a}"},
		{"${aws:PrincipalTag/team, 'company-wide'}", "{aws:PrincipalTag/team|company-wide}"},
		{"${k,'d'}", "{k|d}"},
		{"${k,  'a }b, ${c'  }x", "{k|a }b, ${c}x"},
		{"${k, ''}", "{k|}"},
		{"${aws:PrincipalTag/*}", "{aws:PrincipalTag/*}"},
		{"${é世}", "{é世}"},
	} {
		pieces, problems := ParseVariables(tt.text)
		if got := show(pieces); got != tt.want || len(problems) > 0 {
			t.Errorf("ParseVariables(%q) = %s, %v; want %s", tt.text, got, problems, tt.want)
		}
	}
}

// TestVariableProblems marks in each text, between « and », the part of the
// problem.
func TestVariableProblems(t *testing.T) {
	for _, tt := range []struct{ text, code string }{
		{"a«${»", CodeMissingBrace},
		{"a«${b»", CodeMissingBrace},
		{"a«${b/»${c}", CodeMissingBrace},
		{"a«${b, 'c'»", CodeMissingBrace},
		{"«${}»a", CodeEmptyVariable},
		{"«${ }»a", CodeEmptyVariable},
		{"«${, 'x'}»a", CodeEmptyVariable},
		{"x«${aws: username}»y", CodeSpaceInVariable},
		{"x«${ aws:username}»y", CodeSpaceInVariable},
		{"x«${aws:username , 'b'}»y", CodeSpaceInVariable},
		{"x«${a, b}»y", CodeMissingQuote},
		{"x«${a, 'b}»y", CodeMissingQuote},
		{"x«${a, b'}»y", CodeMissingQuote},
		{"x«${a, 'b'c}»y", CodeMissingQuote},
		{"x«${a, »", CodeMissingQuote},
		{"x«${a, 'b»", CodeMissingQuote},
		{"x«${a,}»", CodeMissingQuote},
	} {
		before, rest, _ := strings.Cut(tt.text, "«")
		inside, after, _ := strings.Cut(rest, "»")
		text := before + inside + after
		pieces, problems := ParseVariables(text)
		if len(problems) != 1 {
			t.Errorf("ParseVariables(%q) has problems %v, want one", text, problems)
			continue
		}
		p := problems[0]
		if p.Code != tt.code || text[p.Start:p.End] != inside || p.Start != len(before) || p.Message == "" || p.Hint == "" {
			t.Errorf("ParseVariables(%q) gave %+v (%q); want %s", text, p, text[p.Start:p.End], tt.code)
		}
		for _, piece := range pieces {
			if piece.Kind != PieceText && piece.Start < p.End && p.Start < piece.End {
				t.Errorf("ParseVariables(%q) made a %+v of the mistake", text, piece)
			}
		}
	}
	_, problems := ParseVariables("${}${ a}${b")
	want := []string{CodeEmptyVariable, CodeSpaceInVariable, CodeMissingBrace}
	var got []string
	for _, p := range problems {
		got = append(got, p.Code)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVariableString(t *testing.T) {
	for _, text := range []string{"${aws:username}", "${aws:PrincipalTag/team, 'a b'}", "${k, ''}"} {
		pieces, _ := ParseVariables(text)
		if len(pieces) != 1 || pieces[0].Variable.String() != text {
			t.Errorf("%s reads as %+v", text, pieces)
		}
	}
}

// FuzzVariables: pieces cover the text without gaps, and a variable prints as
// something that reads as itself.
func FuzzVariables(f *testing.F) {
	for _, seed := range []string{"", "a${b}c", "${*}${?}${$}", "${k, 'd'}", "${", "${}", "${a ,'b' }", "${a,'}'}", "${a${b}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pieces, problems := ParseVariables(text)
		at := 0
		for _, p := range pieces {
			if p.Start != at || p.End <= p.Start {
				t.Fatalf("piece %+v does not follow on %d", p, at)
			}
			at = p.End
			own := text[p.Start:p.End]
			switch p.Kind {
			case PieceText:
				if p.Text != own {
					t.Fatalf("text piece %q covers %q", p.Text, own)
				}
			case PieceEscape:
				if "${"+p.Text+"}" != own {
					t.Fatalf("escape %q covers %q", p.Text, own)
				}
			case PieceVariable:
				again, problems := ParseVariables(p.Variable.String())
				if len(problems) > 0 || len(again) != 1 || again[0].Variable != p.Variable {
					t.Fatalf("%+v prints as %s, which reads as %+v", p.Variable, p.Variable, again)
				}
			}
		}
		if at != len(text) {
			t.Fatalf("pieces end at %d of %d", at, len(text))
		}
		for _, p := range problems {
			if p.Start < 0 || p.End > len(text) || p.Start >= p.End {
				t.Fatalf("problem %+v in a text of %d bytes", p, len(text))
			}
		}
		if len(problems) == 0 && strings.Contains(text, "${") && !hasMarkup(pieces) {
			t.Fatalf("%q has neither variable nor problem", text)
		}
	})
}

func hasMarkup(pieces []Piece) bool {
	for _, p := range pieces {
		if p.Kind != PieceText {
			return true
		}
	}
	return false
}
