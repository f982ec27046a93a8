package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/writ-iam/writ/internal/report"
	"github.com/writ-iam/writ/minimal"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
	"github.com/writ-iam/writ/source"
)

// shrink makes the policy smaller. One with mistakes is not taken: what it means is
// not known.
func (f *fmtFlags) shrink(r *formatted) error {
	result, err := minimal.Minimize(context.Background(), r.doc, minimal.Options{NoWildcards: f.noWildcards})
	var unreadable *prove.UnreadableError
	if errors.As(err, &unreadable) {
		return &unformattable{unreadable.Findings}
	}
	if err != nil {
		return err
	}
	r.result, r.new = result, layOut(result.Document)
	return nil
}

// tell says what was done, and what could not be decided.
func (r *formatted) tell(e *env) {
	for _, c := range r.result.Changes {
		fmt.Fprintf(e.stderr, "%s: %s\n", r.place(c.Statement), source.Plain(c.String()))
	}
	if slices.ContainsFunc(r.result.Changes, func(c minimal.Change) bool { return c.Kind == minimal.Wildcard }) {
		fmt.Fprintf(e.stderr, "%s: %s\n", r.shown(), wildcardsText)
	}
	for _, n := range r.result.NotTaken {
		fmt.Fprintf(e.stderr, "%s: not decided: %s\n", r.place(n.Statement), source.Plain(n.Reason))
	}
	before, after := policy.Size(r.doc), policy.Size(r.result.Document)
	if before != after {
		fmt.Fprintf(e.stderr, "%s: %s, were %d\n", r.shown(), counted(after, "character"), before)
	}
}

// wildcardsText says how far the proof of wildcards goes.
const wildcardsText = "wildcards mean the same for the actions known today, and will match later ones: " +
	"compare with --actions known, or keep the names with --no-wildcards"

// place is where a statement stands in the file; -1 is the file as a whole.
func (r *formatted) place(statement int) string {
	if statement < 0 {
		return r.shown()
	}
	at := r.doc.File.Position(r.doc.Statements[statement].Span.Start)
	return fmt.Sprintf("%s:%d:%d", r.shown(), at.Line, at.Column)
}

type fmtFileJSON struct {
	File     string          `json:"file"`
	Changed  bool            `json:"changed"` // or would, with --check
	Written  bool            `json:"written"`
	Before   int             `json:"charactersBefore"` // as AWS counts them
	After    int             `json:"charactersAfter"`
	Document json.RawMessage `json:"document"`
	Changes  []fmtChangeJSON `json:"changes"`
	NotTaken []notTakenJSON  `json:"notDecided"`
}

type fmtChangeJSON struct {
	Kind      minimal.Kind   `json:"kind"`
	Statement int            `json:"statement"` // from 0, in the file as it was
	Others    []int          `json:"others,omitempty"`
	Element   string         `json:"element,omitempty"`
	Key       string         `json:"key,omitempty"`
	Removed   []string       `json:"removed,omitempty"`
	Added     string         `json:"added,omitempty"`
	Reason    minimal.Reason `json:"reason,omitempty"`
	Message   string         `json:"message"`
}

type notTakenJSON struct {
	Statement *int   `json:"statement"` // null for the policy as a whole
	Reason    string `json:"reason"`
}

func writeFmtJSON(e *env, results []*formatted) error {
	out := struct {
		FormatVersion string        `json:"format_version"`
		Files         []fmtFileJSON `json:"files"`
	}{"1.0", []fmtFileJSON{}}
	for _, r := range results {
		out.Files = append(out.Files, r.json())
	}
	return report.Indented(e.stdout, out)
}

func (r *formatted) json() fmtFileJSON {
	doc := r.doc
	if r.result != nil {
		doc = r.result.Document
	}
	out := fmtFileJSON{
		File: r.shown(), Changed: r.changed(), Written: r.written, Before: policy.Size(r.doc), After: policy.Size(doc),
		Document: policy.Print(doc, ""), Changes: []fmtChangeJSON{}, NotTaken: []notTakenJSON{},
	}
	if r.result == nil {
		return out
	}
	for _, c := range r.result.Changes {
		out.Changes = append(out.Changes, fmtChangeJSON{c.Kind, c.Statement, c.Others, c.Element, c.Key, c.Removed, c.Added, c.Reason, c.String()})
	}
	for _, n := range r.result.NotTaken {
		j := notTakenJSON{Reason: n.Reason}
		if n.Statement >= 0 {
			j.Statement = &n.Statement
		}
		out.NotTaken = append(out.NotTaken, j)
	}
	return out
}
