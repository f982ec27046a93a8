package hole

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestText(t *testing.T) {
	queue := "arn:" + Text("AWS::Partition") + ":sqs:eu-west-1:" + Text("AWS::AccountId") + ":a-" + Text("Q.QueueName")
	tests := []struct {
		text    string
		pieces  []Piece
		names   []string
		printed string
		pattern string
	}{
		{"", nil, nil, "", ""},
		{"plain ${text}", []Piece{{Text: "plain ${text}"}}, nil, "plain ${text}", "plain ${text}"},
		{Text("A"), []Piece{{"A", true}}, []string{"A"}, "${A}", "*"},
		{Text("A") + Text("A"), []Piece{{"A", true}, {"A", true}}, []string{"A"}, "${A}${A}", "**"},
		{queue, []Piece{
			{Text: "arn:"}, {"AWS::Partition", true}, {Text: ":sqs:eu-west-1:"}, {"AWS::AccountId", true}, {Text: ":a-"}, {"Q.QueueName", true},
		}, []string{"AWS::Partition", "AWS::AccountId", "Q.QueueName"},
			"arn:${AWS::Partition}:sqs:eu-west-1:${AWS::AccountId}:a-${Q.QueueName}", "arn:*:sqs:eu-west-1:*:a-*"},
		{"never closed \ue000A", []Piece{{Text: "never closed \ue000A"}}, nil, "never closed \ue000A", "never closed \ue000A"},
		{"never opened A\ue001", []Piece{{Text: "never opened A\ue001"}}, nil, "never opened A\ue001", "never opened A\ue001"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.pieces, Split(tt.text)); diff != "" {
			t.Errorf("Split(%q):\n%s", tt.text, diff)
		}
		if diff := cmp.Diff(tt.names, Names(tt.text)); diff != "" {
			t.Errorf("Names(%q):\n%s", tt.text, diff)
		}
		if got := Print(tt.text); got != tt.printed {
			t.Errorf("Print(%q) = %q, want %q", tt.text, got, tt.printed)
		}
		if got := Pattern(tt.text); got != tt.pattern {
			t.Errorf("Pattern(%q) = %q, want %q", tt.text, got, tt.pattern)
		}
		if got := Has(tt.text); got != (len(tt.names) > 0) {
			t.Errorf("Has(%q) = %v", tt.text, got)
		}
	}
}

func TestWhole(t *testing.T) {
	for text, want := range map[string]string{
		Text("A"): "A", "": "", "A": "", " " + Text("A"): "", Text("A") + Text("B"): "", Text("A") + ".": "",
	} {
		if name, ok := Whole(text); name != want || ok != (want != "") {
			t.Errorf("Whole(%q) = %q, %v", text, name, ok)
		}
	}
}

func TestReserved(t *testing.T) {
	for text, want := range map[string]int{
		"": -1, "plain": -1, "a\ue000": 1, "ab\ue001c": 2, "\ue002\ue003": -1, "\ue002\ue001": 3, Text("A"): 0, "a\ue13a": 1, "\ue200\ue0ff": -1,
	} {
		if got := Reserved(text); got != want {
			t.Errorf("Reserved(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestTextRefusesNames(t *testing.T) {
	for _, name := range []string{"", "a\ue000", "\ue001"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Text(%q) did not panic", name)
				}
			}()
			Text(name)
		}()
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("arn:" + Text("A") + ":b")
	f.Add("\ue001\ue000a\ue000b\ue001")
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		for _, p := range Split(text) {
			if p.Hole {
				b.WriteString(open + encode(p.Text) + close)
			} else {
				b.WriteString(p.Text)
			}
		}
		if b.String() != text {
			t.Errorf("the pieces of %q make %q", text, b.String())
		}
		if Reserved(text) < 0 && (Has(text) || Print(text) != text) {
			t.Errorf("%q has no reserved characters, but holes", text)
		}
	})
}

// A hole is one part of an ARN, whatever its name.
func TestNames(t *testing.T) {
	const name = "AWS::A/b*?${c}, 'd' é.-_"
	text := Text(name)
	if strings.ContainsAny(text, name) {
		t.Errorf("%q holds a character of the name", text)
	}
	if got, ok := Whole(text); !ok || got != name {
		t.Errorf("the name comes back as %q", got)
	}
}
