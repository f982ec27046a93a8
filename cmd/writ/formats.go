package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/render"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// writer prints the roles of all inputs in one format.
type writer func(w io.Writer, e *env, results []result) error

var formats = map[string]writer{"text": writeText, "json": writeJSON,
	"cfn": templateWriter(render.CloudFormation), "sam": templateWriter(render.SAM), "hcl": templateWriter(render.Terraform)}

func formatNames() []string { return []string{"text", "json", "cfn", "sam", "hcl"} }

// writeJSON prints one document per input.
func writeJSON(w io.Writer, _ *env, results []result) error {
	for _, r := range results {
		if r.audience != forExecution {
			if err := writeAccessJSON(w, r); err != nil {
				return err
			}
			continue
		}
		out := struct {
			FormatVersion string        `json:"format_version"`
			Input         string        `json:"input"`
			Kind          string        `json:"kind,omitempty"`
			Machine       string        `json:"machine,omitempty"` // its name in a template
			Role          *roles.Role   `json:"role"`
			Why           []roles.Grant `json:"why"`
			Findings      source.List   `json:"findings"`
		}{"1.0", r.input, string(r.kind), r.machineName(), r.role, []roles.Grant{}, source.List{}}
		if r.role != nil && r.role.Grants != nil {
			out.Why = r.role.Grants
		}
		if r.findings != nil {
			out.Findings = r.findings
		}
		if err := encodeJSON(w, out); err != nil {
			return err
		}
	}
	return nil
}

func encodeJSON(w io.Writer, v any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, printHolesJSON(out.String()))
	return err
}

// writeText prints roles for people: the documents, and above each statement
// the reasons for it.
func writeText(w io.Writer, e *env, results []result) error {
	p := textPrinter{w: w, color: e.terminal && e.getenv("NO_COLOR") == ""}
	for _, r := range results {
		if r.role != nil {
			p.role(&r)
		}
		if r.access != nil {
			p.access(r.access)
		}
		if r.none {
			p.printf("%s needs no role\n", printable(r.input))
		}
	}
	return p.err
}

type textPrinter struct {
	w     io.Writer
	color bool
	again bool // a role has been printed
	err   error
}

func (p *textPrinter) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, hole.Print(fmt.Sprintf(format, args...)))
	}
}

func (p *textPrinter) note(text string) {
	if p.color {
		text = "\x1b[2m" + text + "\x1b[0m"
	}
	p.printf("%s\n", text)
}

func (p *textPrinter) role(res *result) {
	kind, r := res.kind, res.role
	if p.again {
		p.printf("\n")
	}
	p.again = true
	if p.printf("%s %s", roleTitle(kind), r.Name); res.machine != nil {
		p.printf(" for %s", res.machineName())
		if when := res.machine.When.String(); when != "" {
			p.printf(" when %s", when)
		}
	}
	p.printf("\n")
	if r.Path != "/" {
		p.printf("path %s\n", r.Path)
	}
	if r.PermissionsBoundary != "" {
		p.printf("permissions boundary %s\n", r.PermissionsBoundary)
	}
	p.managedPolicies(r)
	p.printf("\ntrust policy\n")
	p.document(r.Trust, nil)
	for _, inline := range r.Policies {
		p.printf("\npolicy %s\n", inline.Name)
		p.document(inline.Document, inline.Reasons)
	}
	if len(r.Policies) == 0 && kind == "" {
		p.printf("\nno policy: the machine needs no permission\n")
	}
}

// document prints a policy document with the reasons as comments above each
// statement. JSON has no comments: --format json is for programs.
func (p *textPrinter) document(doc *policy.Document, reasons [][]roles.Grant) {
	p.printf("{\n  \"Version\": %q,\n  \"Statement\": [\n", doc.Version)
	for i := range doc.Statements {
		if reasons != nil {
			for _, line := range why(reasons[i]) {
				p.note("    // " + line)
			}
		}
		text, err := statementText(doc, i)
		if err != nil && p.err == nil {
			p.err = err
		}
		comma := ","
		if i == len(doc.Statements)-1 {
			comma = ""
		}
		p.printf("    %s%s\n", strings.ReplaceAll(text, "\n", "\n    "), comma)
	}
	p.printf("  ]\n}\n")
}

func statementText(doc *policy.Document, i int) (string, error) {
	one := policy.Document{Version: doc.Version, Statements: doc.Statements[i : i+1], Single: true}
	compact, err := json.Marshal(&one)
	if err != nil {
		return "", err
	}
	var body struct{ Statement json.RawMessage }
	if err := json.Unmarshal(compact, &body); err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = json.Indent(&out, body.Statement, "", "  ")
	return printHolesJSON(out.String()), err
}

// why says in a line or two for what the grants of a statement are: first the
// states and what they do, then what is worth knowing.
func why(grants []roles.Grant) []string {
	var lines []string
	seen := map[string]bool{}
	add := func(line string) {
		if line != "" && !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	type reason struct{ states, call string }
	purposes := map[reason][]string{}
	var order []reason
	for _, gr := range grants {
		r := reason{stateList(gr.States), callName(gr)}
		if purposes[r] == nil {
			order = append(order, r)
		}
		if word := string(gr.Purpose); !slices.Contains(purposes[r], word) {
			purposes[r] = append(purposes[r], word)
		}
	}
	for _, r := range order {
		add(strings.TrimPrefix(r.states+": ", ": ") + r.call + " (" + strings.Join(purposes[r], ", ") + ")")
	}
	ways := 0
	for _, gr := range grants {
		for _, way := range gr.From {
			if ways++; ways <= maxWays {
				add(way)
			}
		}
		for _, what := range gr.Assumes {
			add("assumes that " + what)
		}
		add(gr.Note)
		if gr.AssumesAccount {
			add("assumes that values known at run time name this account and Region")
		}
	}
	return lines
}

// maxWays bounds what is told of the ways that values took.
const maxWays = 8

// maxStates bounds the names in a reason; the JSON has them all.
const maxStates = 4

func stateList(states []string) string {
	if len(states) > maxStates {
		return fmt.Sprintf("%s and %d more", strings.Join(states[:maxStates], ", "), len(states)-maxStates)
	}
	return strings.Join(states, ", ")
}

func callName(gr roles.Grant) string {
	switch gr.Pattern {
	case "", "request":
		return gr.Service
	}
	return gr.Service + "." + gr.Pattern
}
