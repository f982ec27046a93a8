package minimal

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/source"
)

// Kind says what a change did.
type Kind string

// The kinds of changes.
const (
	Unwrap        Kind = "unwrap"         // a list of one value lost its brackets
	DropEntry     Kind = "drop-entry"     // entries of a list went
	DropStatement Kind = "drop-statement" //
	DropCondition Kind = "drop-condition" // a key of a condition went
	Merge         Kind = "merge"          // other statements became part of one
	Wildcard      Kind = "wildcard"       // a wildcard stands for several actions
)

// Reason says why something could go.
type Reason string

// The reasons.
const (
	Same     Reason = "same"     // it stands there twice
	Covered  Reason = "covered"  // what stays says it too
	Dead     Reason = "dead"     // no request can match it
	Shadowed Reason = "shadowed" // Deny statements leave nothing of it
	Always   Reason = "always"   // it holds for every request
)

// Change is one step. Statements are named by their index in the document that was
// given.
type Change struct {
	Kind      Kind
	Statement int
	Others    []int    // of a Merge: what became part of it; of a DropStatement: what says it too
	Element   string   // policy.ElementAction, ...; "" for the statement as a whole
	Key       string   // of a condition: operator and key
	Removed   []string // values
	Added     string   // of a Wildcard
	Reason    Reason   // of what was dropped
}

var reasonWords = map[Reason]string{
	Same: "it stands there twice", Covered: "what stays covers it", Dead: "no request can match it",
	Shadowed: "Deny statements leave nothing of it", Always: "it always holds",
}

// String says what the change did, statements counted from 1.
func (c Change) String() string {
	element := c.Element
	if c.Key != "" {
		element += " " + c.Key
	}
	switch c.Kind {
	case Unwrap:
		return fmt.Sprintf("statement %d: %s without brackets", c.Statement+1, element)
	case Merge:
		return fmt.Sprintf("statement %d: took in %s: they differ in %s alone", c.Statement+1, numbers(c.Others), element)
	case DropStatement:
		if len(c.Others) > 0 {
			return fmt.Sprintf("statement %d: dropped: %s covers it", c.Statement+1, numbers(c.Others))
		}
		return fmt.Sprintf("statement %d: dropped: %s", c.Statement+1, reasonWords[c.Reason])
	case Wildcard:
		return fmt.Sprintf("statement %d: %s: %s for %s: it takes in no other action that there is", c.Statement+1, element, c.Added, quoted(c.Removed))
	case DropCondition:
		return fmt.Sprintf("statement %d: dropped the condition %s: it always holds", c.Statement+1, c.Key)
	}
	return fmt.Sprintf("statement %d: %s: dropped %s: %s", c.Statement+1, element, quoted(c.Removed), reasonWords[c.Reason])
}

func numbers(indexes []int) string {
	var b strings.Builder
	for i, n := range indexes {
		if i == 8 {
			fmt.Fprintf(&b, " and %d others", len(indexes)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "statement %d", n+1)
	}
	return b.String()
}

func quoted(values []string) string {
	var b strings.Builder
	for i, v := range values {
		if i == 8 {
			fmt.Fprintf(&b, " and %d others", len(values)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", source.Clip(v, 128))
	}
	return b.String()
}
