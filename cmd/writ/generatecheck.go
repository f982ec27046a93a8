package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/render"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// writ generate --check: does a committed file say what the machine needs?

// readCheck reads the file to compare with. It comes before generating, because
// what a template leaves to its stack must be left open on the other side too.
func (f *generateFlags) readCheck(e *env, input string) error {
	if f.check == "" {
		return nil
	}
	text, err := readInput(e, f.check)
	if err != nil {
		return err
	}
	file := source.NewFile(inputName(f.check), text)
	if isTemplate(file) {
		f.committed, err = f.readStack(e, file, f.logicalIDs(input))
	} else {
		r := roleReader{file: file, audience: f.audience, names: f.logicalIDs(input)}
		f.committed, err = r.read()
	}
	if err != nil {
		return fmt.Errorf("--check:\n%w", err)
	}
	switch {
	case !f.committed.isFormat(f.format):
		return fmt.Errorf("--check %s: the file is not of --format %s; leave out the flag, the file shows what it is", f.check, f.format)
	case f.committed.template:
		f.opts.LeaveOpen()
	}
	return nil
}

// isFormat reports whether a file can be what a format prints. People's text is any.
func (r *roleFile) isFormat(format string) bool {
	switch format {
	case "cfn", "sam":
		return r.template && !r.terraform
	case "hcl":
		return r.terraform
	case "json":
		return !r.template
	}
	return true
}

// logicalIDs are what writ generate may have called the resource of a template:
// after the machine's name, or after its file when there were several.
func (f *generateFlags) logicalIDs(input string) []string {
	var ids []string
	for _, name := range []string{f.opts.Name, machineName(input)} {
		base := strings.TrimSuffix(roles.RoleName(name), "Role")
		id := render.UniqueName(base+map[string]string{forExecution: "Role", forDeployer: "Deployer", forWorker: "Worker"}[f.audience], "", map[string]bool{})
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// compare prints how the committed file differs from what is needed.
func (f *generateFlags) compare(e *env, r result, failLevel source.Severity) error {
	r.findings = append(r.findings, f.committed.findings...)
	r.undecided = r.undecided || f.committed.undecided
	printFindings(e, []result{r})
	if r.failed() || r.badUsage {
		return exitCode([]result{r}, failLevel)
	}
	parts, err := differences(f.committed, r)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, p := range parts {
		p.write(&out)
	}
	if out.Len() == 0 {
		return exitCode([]result{r}, failLevel)
	}
	if _, err := fmt.Fprintf(e.stdout, "--- %s\n+++ what %s needs\n%s", printable(f.committed.file.Name), printable(r.input), out.Bytes()); err != nil {
		return err
	}
	return exit(exitFindings)
}

// difference is one part of a role in which two sides may differ.
type difference struct {
	part         string
	holds, needs []entry
}

// entry is one line of a difference, with what stands below it.
type entry struct {
	text    string
	details []string
}

func (d *difference) write(w io.Writer) {
	if len(d.holds)+len(d.needs) == 0 {
		return
	}
	fmt.Fprintf(w, "@@ %s @@\n", d.part)
	for _, side := range []struct {
		sign    string
		entries []entry
	}{{"- holds ", d.holds}, {"+ needs ", d.needs}} {
		for _, entry := range side.entries {
			fmt.Fprintf(w, "%s%s\n", side.sign, entry.text)
			for _, line := range entry.details {
				fmt.Fprintf(w, "%s         %s\n", side.sign[:1], line)
			}
		}
	}
}

func differences(committed *roleFile, r result) ([]difference, error) {
	if r.access != nil {
		d, err := compareDocuments("policy", committed.policies, []roles.Policy{r.access.Policy})
		return []difference{d}, err
	}
	parts := []difference{compareAttributes(committed, r.role)}
	if committed.trust != nil {
		d, err := compareDocuments("trust policy", []*policy.Document{committed.trust}, []roles.Policy{{Document: r.role.Trust}})
		if err != nil {
			return nil, err
		}
		parts = append(parts, d)
	}
	d, err := compareDocuments("policies", committed.policies, r.role.Policies)
	return append(parts, d), err
}

// compareAttributes compares what stands beside the documents. The name of a
// role is its owner's affair; so is a path that the file does not name.
func compareAttributes(committed *roleFile, role *roles.Role) difference {
	d := difference{part: "role"}
	if !committed.isRole {
		return d
	}
	line := func(into *[]entry, what, value string) {
		if value != "" {
			*into = append(*into, entry{text: what + " " + printable(value)})
		}
	}
	if committed.path != "" && committed.path != role.Path {
		line(&d.holds, "path", committed.path)
		line(&d.needs, "path", role.Path)
	}
	if committed.boundary != role.PermissionsBoundary {
		line(&d.holds, "permissions boundary", committed.boundary)
		line(&d.needs, "permissions boundary", role.PermissionsBoundary)
	}
	for _, arn := range committed.attached {
		d.holds = append(d.holds, entry{text: "managed policy " + printable(arn), details: []string{"its text is not in the file"}})
	}
	return d
}

// claim is what a statement says, taken apart as far as that changes nothing:
// one action on one resource. NotAction and NotResource stay whole.
type claim struct {
	effect, who, action, resource, condition string
}

// key is equal for claims that mean the same: actions go without letter case.
func (c claim) key() claim {
	c.action = strings.ToLower(c.action)
	return c
}

// claims of one side, in their order, each with where it comes from.
type claims struct {
	list    []claim
	from    map[claim]origin  // by key
	spelled map[string]string // conditions as written
}

type origin struct{ policy, statement int }

// maxClaims bounds the work. IAM takes no role that comes near it.
const maxClaims = 1 << 17

func collectClaims(docs []*policy.Document) (claims, error) {
	out := claims{from: map[claim]origin{}, spelled: map[string]string{}}
	for i, doc := range docs {
		canonical := policy.Canonical(doc)
		for j := range canonical.Statements {
			if !out.add(&canonical.Statements[j], origin{i, j}) {
				return out, fmt.Errorf("the policies say more than %d things; IAM takes no role of that size", maxClaims)
			}
		}
	}
	return out, nil
}

func (c *claims) add(s *policy.Statement, from origin) bool {
	actions, resources := units(s.Action, s.NotAction), units(s.Resource, s.NotResource)
	if len(c.list)+len(actions)*len(resources) > maxClaims {
		return false
	}
	base := claim{effect: string(s.Effect), who: principalText(s), condition: conditionLines(s.Condition, strings.ToLower)}
	c.spelled[base.condition] = conditionLines(s.Condition, func(key string) string { return key })
	for _, action := range actions {
		for _, resource := range resources {
			one := base
			one.action, one.resource = action, resource
			if _, seen := c.from[one.key()]; !seen {
				c.from[one.key()] = from
				c.list = append(c.list, one)
			}
		}
	}
	return true
}

// allBut stands before what NotAction, NotResource and NotPrincipal name.
const allBut = "all but "

// units are the values that a statement speaks of one by one.
func units(list, not *policy.List) []string {
	switch {
	case not != nil:
		return []string{allBut + joined(not.Texts())}
	case list == nil:
		return []string{""}
	}
	return list.Texts()
}

func principalText(s *policy.Statement) string {
	switch {
	case s.Principal != nil:
		return principalNames(s.Principal)
	case s.NotPrincipal != nil:
		return allBut + principalNames(s.NotPrincipal)
	}
	return ""
}

func principalNames(p *policy.Principal) string {
	if p.Everyone {
		return "*"
	}
	var groups []string
	for i := range p.Groups {
		groups = append(groups, p.Groups[i].Key+" "+joined(p.Groups[i].Values.Texts()))
	}
	return strings.Join(groups, "; ")
}

// joined makes one text of several, and never the same of different ones.
func joined(texts []string) string {
	out := slices.Clone(texts)
	for i, text := range out {
		if strings.ContainsAny(text, " ,;\"") {
			out[i] = strconv.Quote(text)
		}
	}
	return strings.Join(out, ", ")
}

// conditionLines prints a canonical condition, a line for each key. Keys have no
// letter case, so they are compared in one spelling and shown in another.
func conditionLines(c *policy.Condition, spell func(key string) string) string {
	if c == nil {
		return ""
	}
	var lines []string
	for _, block := range c.Blocks {
		for _, key := range block.Keys {
			var values []string
			for _, v := range key.Values.Texts() {
				values = append(values, strconv.Quote(v))
			}
			lines = append(lines, block.Operator+" "+printable(spell(key.Name))+" = "+strings.Join(values, ", "))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// compareDocuments says what one set of documents has and the other lacks. The
// order of statements, and how they group actions and resources, does not count.
func compareDocuments(part string, committed []*policy.Document, needed []roles.Policy) (difference, error) {
	d := difference{part: part}
	var docs []*policy.Document
	for _, p := range needed {
		docs = append(docs, p.Document)
	}
	held, err := collectClaims(committed)
	if err != nil {
		return d, err
	}
	needs, err := collectClaims(docs)
	if err != nil {
		return d, err
	}
	d.holds = held.without(needs, func(o origin) []string {
		s := &committed[o.policy].Statements[o.statement]
		if file := committed[o.policy].File; file != nil {
			at := file.Position(s.Span.Start)
			return []string{fmt.Sprintf("at %s:%d:%d", printable(file.Name), at.Line, at.Column)}
		}
		return nil
	})
	d.needs = needs.without(held, func(o origin) []string {
		if reasons := needed[o.policy].Reasons; reasons != nil {
			return why(reasons[o.statement])
		}
		return nil
	})
	for _, doc := range committed {
		if !doc.HasVariables() && wouldHaveVariables(doc) {
			d.holds = append(d.holds, entry{text: fmt.Sprintf("Version %q", doc.Version), details: []string{"in which ${...} is plain text"}})
			d.needs = append(d.needs, entry{text: fmt.Sprintf("Version %q", policy.Version2012)})
		}
	}
	return d, nil
}

// wouldHaveVariables reports whether a document has texts that another Version
// makes variables of.
func wouldHaveVariables(doc *policy.Document) bool {
	found := false
	policy.Walk(doc, func(at policy.Place, node any) bool {
		v, ok := node.(*policy.Value)
		if ok && !found && slices.Contains([]string{policy.ElementResource, policy.ElementNotResource, policy.ElementCondition}, at.Element) && strings.Contains(v.Text, "${") {
			pieces, _ := policy.ParseVariables(v.Text)
			found = slices.ContainsFunc(pieces, func(p policy.Piece) bool { return p.Kind != policy.PieceText })
		}
		return !found
	})
	return found
}

// maxWide bounds the work; a comparison is right, if stricter, without it.
const maxWide = 64

// sameBut is what claims share that differ in their resource only.
func (c claim) sameBut() claim {
	c.resource = ""
	return c.key()
}

// wideResources are the resources with a "*" at the end of which both sides say
// the same: beside those, narrower ones add nothing. A template holds some,
// because nobody can tell what its references stand for.
func (c *claims) wideResources(other claims) map[claim][]string {
	wide := map[claim][]string{}
	for _, one := range c.list {
		before, star := strings.CutSuffix(one.resource, "*")
		plain := star && !strings.ContainsAny(before, "*?") && !strings.HasPrefix(before, allBut) && (before == "" || strings.Count(before, ":") >= 5)
		if _, shared := other.from[one.key()]; plain && shared && len(wide[one.sameBut()]) < maxWide {
			wide[one.sameBut()] = append(wide[one.sameBut()], before)
		}
	}
	return wide
}

func covered(resource string, prefixes []string) bool {
	return !strings.HasPrefix(resource, allBut) && slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(resource, p) })
}

// without lists what the other side lacks, put together again into statements.
func (c *claims) without(other claims, about func(origin) []string) []entry {
	type group struct {
		claim
		actions, resources []string
		from               origin
	}
	var perResource []*group
	at := map[any]*group{}
	wide := c.wideResources(other)
	for _, one := range c.list {
		if _, there := other.from[one.key()]; there || covered(one.resource, wide[one.sameBut()]) {
			continue
		}
		from := c.from[one.key()]
		rest := one
		rest.action = ""
		key := struct {
			claim
			origin
		}{rest, from}
		g := at[key]
		if g == nil {
			g = &group{claim: rest, resources: []string{one.resource}, from: from}
			at[key] = g
			perResource = append(perResource, g)
		}
		g.actions = append(g.actions, one.action)
	}
	var out []*group
	for _, g := range perResource {
		rest := g.claim
		rest.resource, rest.action = "", strings.Join(g.actions, "\x00")
		key := struct {
			claim
			origin
		}{rest, g.from}
		if first := at[key]; first != nil {
			first.resources = append(first.resources, g.resources...)
			continue
		}
		at[key] = g
		out = append(out, g)
	}
	entries := make([]entry, 0, len(out))
	for _, g := range out {
		g.condition = c.spelled[g.condition]
		entries = append(entries, g.claim.entry(g.actions, g.resources, about(g.from)))
	}
	return entries
}

// entry writes a statement with the actions and resources given.
func (c claim) entry(actions, resources, about []string) entry {
	out := entry{text: c.effect + " " + printable(strings.Join(actions, ", "))}
	if c.who != "" {
		out.details = append(out.details, "to "+printable(c.who))
	}
	for _, r := range resources {
		if r != "" {
			out.details = append(out.details, "on "+printable(r))
		}
	}
	if c.condition != "" {
		for line := range strings.SplitSeq(c.condition, "\n") {
			out.details = append(out.details, "if "+printable(line))
		}
	}
	for _, line := range about {
		out.details = append(out.details, "// "+line)
	}
	return out
}

// printable quotes what would disturb a terminal or the form of the output.
func printable(s string) string {
	s = hole.Print(s)
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
