package managed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Choice says what a trimmed policy is to keep. Exactly one of its fields is set.
type Choice struct {
	Without []string // features to leave out
	Only    []string // features to keep
	Used    []string // actions that were seen in use: keep these alone
}

// Permission is one entry of Action in an Allow statement, with what it is for.
type Permission struct {
	Statement int      // index in the document
	Entry     string   // as the document has it
	Kept      []string // what the trimmed policy has in its place; nil when it has nothing
	Features  []string
	Purposes  []string // in words; nil where nobody has described it
}

// Trimmed is what Trim makes of a policy.
type Trimmed struct {
	Document    *policy.Document // nil when nothing is left
	Permissions []Permission     // of the document that was trimmed, in its order
	Findings    source.List
}

// The codes of findings about trimmed policies.
const (
	codeUndescribed  = "UNDESCRIBED_PERMISSION"
	codeCoreLeftOut  = "CORE_FEATURE_LEFT_OUT"
	codeNotInPolicy  = "NOT_IN_POLICY"
	codeNothingLeft  = "NOTHING_LEFT"
	codeNotTrimmable = "NOT_TRIMMABLE"
)

// Trim reduces a version of the policy, whose text must be known, to a choice
// of what it allows. Every statement of the result has the resources and
// conditions of one of the original and fewer or the same actions; statements
// that deny stay. The error is about the choice: a feature or an action that
// cannot be meant.
func (p *Policy) Trim(v *Version, choice Choice) (*Trimmed, error) {
	if v.DeltaOnly() {
		return nil, &TextUnknownError{p.Name, v.ID, "the text of"}
	}
	if p.Status == NoPolicy {
		return nil, fmt.Errorf("%s is a trust policy: there is nothing to trim", p.Name)
	}
	t := trimmer{policy: p, doc: v.Document, choice: choice}
	if err := t.check(); err != nil {
		return nil, err
	}
	out := t.trim()
	out.Findings = t.findings.List()
	return out, nil
}

type trimmer struct {
	policy *Policy
	doc    *policy.Document
	choice Choice
	keep   map[string]bool // features that are kept
	used   []used          // of Choice.Used
	exact  map[string]int  // of these, in lower case, those without wildcards
	wild   []int           // and those with
	out    Trimmed

	findings source.Collector
}

type used struct {
	text    string
	pattern policy.ActionPattern
	found   bool
}

func (t *trimmer) check() error {
	given := 0
	for _, list := range [][]string{t.choice.Without, t.choice.Only, t.choice.Used} {
		if len(list) > 0 {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("say either what to leave out, what to keep, or what is in use")
	}
	if len(t.choice.Used) > 0 {
		return t.checkUsed()
	}
	return t.checkFeatures()
}

func (t *trimmer) checkFeatures() error {
	p := t.policy
	if len(p.Features) == 0 {
		return fmt.Errorf("it is not known what the permissions of %s are for: give a list of the actions in use", p.Name)
	}
	names := make([]string, len(p.Features))
	t.keep = map[string]bool{}
	for i, f := range p.Features {
		names[i] = f.Name
		t.keep[f.Name] = len(t.choice.Only) == 0
	}
	for _, name := range append(slices.Clone(t.choice.Only), t.choice.Without...) {
		if _, ok := t.keep[name]; !ok {
			return &UnknownError{Kind: "feature of " + p.Name, Name: name, Nearest: new(near.Finder).Names(name, names, 3), Known: names}
		}
		t.keep[name] = len(t.choice.Only) > 0
	}
	for _, f := range p.Features {
		if f.Core && !t.keep[f.Name] {
			t.say(codeCoreLeftOut, source.Warning, fmt.Sprintf("without %s (%s) the rest of the policy does little", f.Name, f.What), "")
		}
	}
	return nil
}

func (t *trimmer) checkUsed() error {
	t.exact = map[string]int{}
	for i, text := range t.choice.Used {
		service, name, ok := strings.Cut(text, ":")
		if !ok || service == "" || name == "" || strings.ContainsAny(text, " \t\"{}[],") {
			return fmt.Errorf("%s is no action: write SERVICE:NAME, as in ecs:RunTask", near.Quote(text))
		}
		t.used = append(t.used, used{text: text, pattern: policy.CompileAction(text)})
		if hasWildcard(text) {
			t.wild = append(t.wild, i)
		} else if _, seen := t.exact[strings.ToLower(text)]; seen {
			t.used[i].found = true // once is enough
		} else {
			t.exact[strings.ToLower(text)] = i
		}
	}
	return t.checkWork()
}

// maxWork bounds the comparisons of patterns; a policy of AWS with all actions
// that there are in use needs a tenth of it.
const maxWork = 4_000_000

func (t *trimmer) checkWork() error {
	work := 0
	for i := range t.doc.Statements {
		for _, v := range t.doc.Statements[i].Action.Texts() {
			if work += len(t.wild); hasWildcard(v) {
				work += len(t.exact)
			}
		}
	}
	if work > maxWork {
		return fmt.Errorf("the policy and the list of actions in use are too large to compare")
	}
	return nil
}

func hasWildcard(s string) bool { return strings.ContainsAny(s, "*?") }

func (t *trimmer) say(code string, severity source.Severity, message, hint string) {
	t.findings.Add(source.Finding{Code: code, Severity: severity, Message: message, Hint: hint})
}

func (t *trimmer) trim() *Trimmed {
	doc := &policy.Document{Version: t.doc.Version, ID: t.doc.ID}
	for i := range t.doc.Statements {
		s := t.doc.Statements[i]
		s.Elements = nil
		switch {
		case s.Effect != policy.Allow:
		case s.Action == nil:
			t.say(codeNotTrimmable, source.Warning, fmt.Sprintf("statement %d allows by NotAction and was kept whole", i+1), "write the actions that it is to allow")
		default:
			s.Action = t.entries(i, &s)
		}
		if s.Action.Len() > 0 || s.NotAction != nil {
			doc.Statements = append(doc.Statements, s)
		}
	}
	for _, u := range t.used {
		if !u.found {
			t.say(codeNotInPolicy, source.Warning, fmt.Sprintf("%s is in use, and the policy does not allow it", u.text), "")
		}
	}
	if len(doc.Statements) == 0 {
		t.say(codeNothingLeft, source.Error, "nothing is left of the policy", "")
		return &t.out
	}
	t.out.Document = doc
	return &t.out
}

// entries trims the actions of one statement.
func (t *trimmer) entries(index int, s *policy.Statement) *policy.List {
	var kept []string
	seen := map[string]bool{}
	for _, value := range s.Action.Values {
		perm, rows := t.policy.permission(index, value.Text, s)
		if len(t.used) > 0 {
			perm.Kept = t.keptByUse(value.Text)
		} else {
			perm.Kept = t.keptByFeature(value.Text, rows)
		}
		for _, k := range perm.Kept {
			if !seen[k] {
				seen[k] = true
				kept = append(kept, k)
			}
		}
		t.out.Permissions = append(t.out.Permissions, perm)
	}
	if len(kept) == 1 && s.Action.Single {
		return policy.String(kept[0])
	}
	return policy.Strings(kept...)
}

// described is a row about an action that an entry covers.
type described struct {
	need   *need
	action string
}

// needsOf returns the rows about an entry of a statement.
func (p *Policy) needsOf(entry string, s *policy.Statement) []described {
	var rows []described
	for i := range p.needs {
		n := &p.needs[i]
		if n.key != "" && !hasValue(s.Condition, n.key, n.value) {
			continue
		}
		for _, a := range n.actions {
			if strings.EqualFold(a, entry) || policy.MatchAction(entry, a) {
				rows = append(rows, described{n, a})
			}
		}
	}
	return rows
}

func hasValue(c *policy.Condition, key, value string) bool {
	if c == nil {
		return false
	}
	for _, block := range c.Blocks {
		for _, k := range block.Keys {
			if strings.EqualFold(k.Name, key) && slices.Contains(k.Values.Texts(), value) {
				return true
			}
		}
	}
	return false
}

// keptByFeature returns the entry as it is when all that it is for is kept,
// nothing when nothing is, and otherwise the actions that are.
func (t *trimmer) keptByFeature(entry string, rows []described) []string {
	if len(rows) == 0 {
		if len(t.choice.Only) > 0 {
			t.say(codeUndescribed, source.Warning, fmt.Sprintf("it is not known what %s is for; it was left out", entry), "")
			return nil
		}
		t.say(codeUndescribed, source.Warning, fmt.Sprintf("it is not known what %s is for; it was kept", entry), "")
		return []string{entry}
	}
	var kept []string
	for _, r := range rows {
		if slices.ContainsFunc(r.need.features, func(f string) bool { return t.keep[f] }) {
			kept = appendNew(kept, r.action)
		}
	}
	if len(kept) == len(rows) {
		return []string{entry}
	}
	return kept
}

// keptByUse returns what of an entry is in use.
func (t *trimmer) keptByUse(entry string) []string {
	compiled := policy.CompileAction(entry)
	var candidates []int
	if hasWildcard(entry) {
		for i := range t.used {
			candidates = append(candidates, i)
		}
	} else {
		if i, ok := t.exact[strings.ToLower(entry)]; ok {
			candidates = append(candidates, i)
		}
		candidates = append(candidates, t.wild...)
	}
	var kept []string
	whole := false
	for _, i := range candidates {
		u := &t.used[i]
		switch {
		case within(compiled, u.pattern):
			u.found, whole = true, true
		case within(u.pattern, compiled):
			u.found = true
			kept = append(kept, u.text)
		}
	}
	if whole {
		return []string{entry}
	}
	return kept
}

// within reports whether every action that a matches is matched by b.
func within(a, b policy.ActionPattern) bool {
	of, known := a.Service()
	other, alsoKnown := b.Service()
	if known && alsoKnown && of != other {
		return false
	}
	return b.All() || !a.All() && pattern.Subset(a.Pattern(), b.Pattern()) == pattern.Yes
}

func appendNew(list []string, more ...string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// Permissions returns what each entry of a version, whose text must be known,
// is for. Statements that deny are left out.
func (p *Policy) Permissions(v *Version) []Permission {
	var out []Permission
	for i := range v.Document.Statements {
		s := &v.Document.Statements[i]
		if s.Effect == policy.Allow && s.Action != nil {
			for _, value := range s.Action.Values {
				perm, _ := p.permission(i, value.Text, s)
				out = append(out, perm)
			}
		}
	}
	return out
}

func (p *Policy) permission(index int, entry string, s *policy.Statement) (Permission, []described) {
	perm := Permission{Statement: index, Entry: entry}
	rows := p.needsOf(entry, s)
	for _, r := range rows {
		perm.Features = appendNew(perm.Features, r.need.features...)
		perm.Purposes = appendNew(perm.Purposes, r.need.purpose)
	}
	return perm, rows
}
