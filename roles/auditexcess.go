package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// wanted is a need as excess is measured against it.
type wanted struct {
	action     string // lower case
	grant      *Grant
	everything bool // the resource is "*"
	resource   *arn.Resource
	literal    string   // the resource, where it is known in full
	name       string   // what is known of the beginning of its name
	keys       []string // of its conditions, lower case
}

// wants holds all needs of a machine.
type wants struct {
	byAction map[string][]*wanted
	actions  []string // distinct, in the order of the needs
}

func newWants(lists ...[]Grant) *wants {
	w := &wants{byAction: map[string][]*wanted{}}
	for _, needs := range lists {
		for i := range needs {
			w.add(&needs[i])
		}
	}
	return w
}

func (w *wants) add(need *Grant) {
	text := need.Resource
	if parts := strings.SplitN(text, ":", 6); need.AssumesAccount && len(parts) == 6 {
		parts[4] = "*" // another account may be meant after all
		if parts[3] != "" {
			parts[3] = "*"
		}
		text = strings.Join(parts, ":")
	}
	var table policy.VariableTable
	n := &wanted{action: strings.ToLower(need.Action), grant: need, everything: text == "*", name: nameBeginning(text), resource: policy.CompileResource(text, &table)}
	if !n.everything {
		n.literal, _ = n.resource.Pattern().Literal()
	}
	for _, c := range need.Conditions {
		n.keys = append(n.keys, strings.ToLower(c.Key))
	}
	if w.byAction[n.action] == nil {
		w.actions = append(w.actions, n.action)
	}
	w.byAction[n.action] = append(w.byAction[n.action], n)
}

// entry is one value of Resource in the role.
type resourceEntry struct {
	value    *policy.Value // nil for a NotResource as a whole
	text     string
	all      bool
	resource *arn.Resource
	literal  string
	name     string          // the beginning of the name, up to a wildcard
	varies   bool            // with the caller, by variables
	but      []*arn.Resource // what NotResource leaves out
}

func newResourceEntry(doc *policy.Document, v *policy.Value) resourceEntry {
	var table *policy.VariableTable
	if doc.HasVariables() {
		table = new(policy.VariableTable)
	}
	e := resourceEntry{value: v, text: v.Text, name: nameBeginning(v.Text), resource: policy.CompileResource(v.Text, table)}
	p := e.resource.Pattern()
	e.all, e.varies = e.resource.All(), p.HasVars()
	if !e.all && !e.varies {
		e.literal, _ = p.Literal()
	}
	return e
}

// The work that comparing may take. A search is about a millisecond at worst,
// and most comparisons need none.
const (
	searchWork     = 1 << 15
	maxSearches    = 4000
	maxComparisons = 4 << 20
	maxEntryLength = 4096 // of a pattern; ARNs have up to 2,048 characters
)

// spend counts work; it reports false when there is none left.
func (a *auditor) spend(n int) bool {
	if a.work += n; a.work > maxComparisons {
		a.gaps = true
		return false
	}
	return true
}

func (a *auditor) search(all, none []*pattern.Pattern) pattern.Verdict {
	if !a.spend(maxComparisons / maxSearches) {
		return pattern.Undecided
	}
	for i, p := range all {
		all[i] = p.Widen()
	}
	_, v := pattern.Search{All: all, None: none, Work: searchWork}.Run()
	if v == pattern.Undecided {
		a.gaps = true
	}
	return v
}

// touches reports whether an entry allows something that is needed.
func (a *auditor) touches(e *resourceEntry, n *wanted) bool {
	switch {
	case n.literal != "" && slices.ContainsFunc(e.but, func(r *arn.Resource) bool { return r.Match(n.literal) }):
		return false
	case e.all || n.everything || e.text == n.grant.Resource:
		return true
	case n.literal != "" && !e.varies:
		return e.resource.Match(n.literal)
	case e.literal != "":
		return n.resource.Match(e.literal)
	case !sameBeginning(e.resource.Pattern().Prefix(), n.resource.Pattern().Prefix()), !sameBeginning(e.name, n.name):
		return false
	case len(e.text) > maxEntryLength:
		a.gaps = true
		return true
	}
	return a.search([]*pattern.Pattern{e.resource.Pattern(), n.resource.Pattern()}, nil) != pattern.No
}

// within reports whether all that an entry allows is needed.
func (a *auditor) within(e *resourceEntry, n *wanted) bool {
	switch {
	case n.everything || e.text == n.grant.Resource:
		return true
	case e.all:
		return false
	case e.literal != "":
		return n.resource.Match(e.literal)
	case n.literal != "", !strings.HasPrefix(e.resource.Pattern().Prefix(), n.resource.Pattern().Prefix()):
		return false
	case len(e.text) > maxEntryLength:
		a.gaps = true
		return true
	}
	return a.search([]*pattern.Pattern{e.resource.Pattern()}, []*pattern.Pattern{n.resource.Pattern()}) != pattern.Yes
}

// nameBeginning is the literal text after the fifth colon of an ARN, which tells
// most resources apart when their Region and account are left open.
func nameBeginning(text string) string {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 {
		return ""
	}
	if i := strings.IndexAny(parts[5], "*?$"); i >= 0 {
		return parts[5][:i]
	}
	return parts[5]
}

// sameBeginning reports whether one text begins with the other.
func sameBeginning(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// excess finds what the role allows and no call needs.
func (a *auditor) excess(opts Options) {
	lists := [][]Grant{a.needs}
	if opts.Style == Console {
		templates, _ := Needs(a.machine, opts) // what they lack has been said
		lists = append(lists, templates)
	}
	w := newWants(lists...)
	d := a.doubts()
	for i := range a.held.Policies {
		if slices.Contains(a.held.Fixed, a.held.Policies[i].Name) {
			continue
		}
		doc := a.held.Policies[i].Document
		for j := range doc.Statements {
			if s := &doc.Statements[j]; s.Effect == policy.Allow {
				a.statement(w, d, doc, s)
			}
		}
	}
	if a.gaps {
		add(&a.audit.Undecided, AuditEntry{Code: "EXCESS_UNDECIDED", Severity: source.Warning,
			Why: "the role is too large, or its patterns too intricate, to say of all of it whether it is needed"})
	}
}

// statementAudit is one Allow statement against the needs.
type statementAudit struct {
	*auditor
	wants     *wants
	doubts    doubts
	doc       *policy.Document
	statement *policy.Statement
	alone     *authz.Engine // of the statement, once it is asked

	actions   []actionEntry
	resources []resourceEntry
	touched   [][]*wanted // for each resource, the needs of the statement's actions that it touches
}

type actionEntry struct {
	value *policy.Value
	wants []*wanted
}

func (a *auditor) statement(w *wants, d doubts, doc *policy.Document, s *policy.Statement) {
	sa := &statementAudit{auditor: a, wants: w, doubts: d, doc: doc, statement: s}
	sa.findActions()
	if !sa.findResources() {
		return
	}
	sa.needlessActions()
	sa.wildActions()
	sa.needlessResources()
	sa.wideResources()
	sa.unconditioned()
}

// findActions finds the needs that each action of the statement is about.
func (sa *statementAudit) findActions() {
	m := policy.CompileActions(sa.statement)
	if m.Not {
		e := actionEntry{}
		for _, action := range sa.wants.actions {
			if sa.spend(1) && m.Match(action) {
				e.wants = append(e.wants, sa.wants.byAction[action]...)
			}
		}
		sa.actions = []actionEntry{e}
		return
	}
	for i := range m.Entries {
		e := actionEntry{value: &sa.statement.Action.Values[i]}
		if isOpen(e.value.Text) {
			for _, action := range sa.wants.actions {
				if sa.spend(1) && m.Entries[i].Match(action) {
					e.wants = append(e.wants, sa.wants.byAction[action]...)
				}
			}
		} else {
			e.wants = sa.wants.byAction[strings.ToLower(e.value.Text)]
		}
		sa.actions = append(sa.actions, e)
	}
}

// findResources finds the needs that each resource touches; it reports false
// when there is no work left.
func (sa *statementAudit) findResources() bool {
	list := sa.statement.Resource
	if list == nil {
		not := policy.CompileResources(sa.statement, new(policy.VariableTable))
		sa.resources = []resourceEntry{{text: "all but " + some(sa.statement.NotResource.Texts()), all: true, but: not.Entries}}
	} else {
		for i := range list.Values {
			sa.resources = append(sa.resources, newResourceEntry(sa.doc, &list.Values[i]))
		}
	}
	var union []*wanted
	seen := map[*wanted]bool{}
	for _, e := range sa.actions {
		for _, n := range e.wants {
			if !sa.spend(1) {
				return false
			}
			if !seen[n] {
				seen[n] = true
				union = append(union, n)
			}
		}
	}
	sa.touched = make([][]*wanted, len(sa.resources))
	for i := range sa.resources {
		for _, n := range union {
			if !sa.spend(1) {
				return false
			}
			if sa.touches(&sa.resources[i], n) && sa.mayHold(n) {
				sa.touched[i] = append(sa.touched[i], n)
			}
		}
	}
	return true
}

// mayHold reports whether the conditions of the statement may hold for a need:
// one that passes a role to another service does not serve it. The statement is
// asked by itself.
func (sa *statementAudit) mayHold(n *wanted) bool {
	if sa.statement.Condition == nil || len(n.keys) == 0 {
		return true
	}
	if sa.alone == nil {
		one := *sa.statement
		one.Resource, one.NotResource = policy.String("*"), nil
		doc := policy.Document{Version: sa.doc.Version, Statements: []policy.Statement{one}}
		engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{{Name: "statement", Document: &doc}}, Resource: trustingOf(sa.account)})
		if findings.HasErrors() {
			return true
		}
		sa.alone = engine
	}
	q := sa.auditor.requests(n.grant, n.grant.Resource)
	return askOf(sa.alone, q.sure).result != authz.ImplicitlyDenied
}

// allTouched are the needs that some resource of the statement touches.
func (sa *statementAudit) allTouched() map[*wanted]bool {
	out := map[*wanted]bool{}
	for _, list := range sa.touched {
		for _, n := range list {
			out[n] = true
		}
	}
	return out
}

func (sa *statementAudit) needless(e *actionEntry, touched map[*wanted]bool) bool {
	return !slices.ContainsFunc(e.wants, func(n *wanted) bool { return touched[n] })
}

// report adds an entry about the statement, at a value of it.
func (sa *statementAudit) report(list *[]AuditEntry, e AuditEntry, at *policy.Value) {
	e.File, e.Span = sa.doc.File, sa.statement.Span
	if at != nil {
		e.Span = at.Span
	}
	if e.Severity == source.Suggestion && list == &sa.audit.Excess && sa.statement.Condition != nil {
		e.Hint += "; the conditions of the statement narrow it already, though not to that"
	}
	if sa.doubts.all || slices.ContainsFunc(e.Actions, sa.doubts.about) {
		e.Code, e.Severity, list = "EXCESS_UNDECIDED", source.Warning, &sa.audit.Undecided
		e.Why += "; calls that the definition does not show in full may need it"
	}
	add(list, e)
}

// needlessActions reports actions that no call needs on these resources.
func (sa *statementAudit) needlessActions() {
	touched := sa.allTouched()
	var certain, doubtful []*policy.Value
	for i := range sa.actions {
		e := &sa.actions[i]
		switch {
		case e.value == nil || !sa.needless(e, touched):
		case sa.doubts.about(e.value.Text):
			doubtful = append(doubtful, e.value)
		default:
			certain = append(certain, e.value)
		}
	}
	for _, values := range [][]*policy.Value{certain, doubtful} {
		if len(values) == 0 {
			continue
		}
		e := AuditEntry{Code: "EXCESS_ACTION", Severity: source.Warning, Resources: resourceTexts(sa.statement)}
		for _, v := range values {
			e.Actions = append(e.Actions, v.Text)
		}
		e.Why = fmt.Sprintf("no call needs %s on %s", some(e.Actions), some(e.Resources))
		if sa.statement.Condition != nil {
			e.Why += " under these conditions"
		}
		e.Hint = "leave out " + some(e.Actions)
		if len(values) == len(sa.actions) {
			e.Hint = "leave out the statement"
		}
		sa.report(&sa.audit.Excess, e, values[0])
	}
	if len(sa.actions) == 1 && sa.actions[0].value == nil {
		sa.everythingBut(touched)
	}
}

// everythingBut reports a statement that allows by exclusion.
func (sa *statementAudit) everythingBut(touched map[*wanted]bool) {
	e := AuditEntry{Code: "EXCESS_ACTION", Severity: source.Warning, Resources: resourceTexts(sa.statement)}
	for _, text := range sa.statement.NotAction.Texts() {
		e.Actions = append(e.Actions, "all but "+text)
	}
	e.Needed = sa.neededActions(sa.actions[0].wants, touched)
	e.Why = fmt.Sprintf("NotAction allows every action but %s, and the calls need %s of them", some(sa.statement.NotAction.Texts()), orNothing(e.Needed))
	e.Hint = "name the actions in Action"
	at := &policy.Value{Span: sa.statement.Span}
	if len(sa.statement.NotAction.Values) > 0 {
		at = &sa.statement.NotAction.Values[0]
	}
	sa.report(&sa.audit.Excess, e, at)
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return some(list)
}

func (sa *statementAudit) neededActions(needs []*wanted, touched map[*wanted]bool) []string {
	var out []string
	for _, n := range needs {
		if touched[n] {
			out = append(out, n.grant.Action)
		}
	}
	return distinct(out)
}

// wildActions reports wildcards that allow more actions than are needed.
func (sa *statementAudit) wildActions() {
	touched := sa.allTouched()
	for i := range sa.actions {
		e := &sa.actions[i]
		if e.value == nil || !isOpen(e.value.Text) || sa.needless(e, touched) {
			continue
		}
		needed := sa.neededActions(e.wants, touched)
		if !sa.spend(maxComparisons / maxSearches) {
			return
		}
		// What the catalogue does not know may exist all the same: a wildcard
		// that is used up today grows tomorrow, but is no excess.
		if known, err := catalog.Default().Expand(e.value.Text); err == nil && len(known) > 0 && !slices.ContainsFunc(known, func(k *catalog.Action) bool {
			return !slices.ContainsFunc(needed, func(n string) bool { return strings.EqualFold(n, k.FullName()) })
		}) {
			continue
		}
		sa.report(&sa.audit.Excess, AuditEntry{Code: "EXCESS_ACTION", Severity: source.Warning, Actions: []string{e.value.Text}, Resources: resourceTexts(sa.statement), Needed: needed,
			Why:  fmt.Sprintf("%s allows more than the calls need, which is %s", e.value.Text, some(needed)),
			Hint: "name the actions: " + strings.Join(needed, ", ")}, e.value)
	}
}

// needlessResources reports resources on which no action of the statement is
// needed, and single actions that are needed on others of them only.
func (sa *statementAudit) needlessResources() {
	touched := sa.allTouched()
	var useful []*actionEntry
	for i := range sa.actions {
		if !sa.needless(&sa.actions[i], touched) {
			useful = append(useful, &sa.actions[i])
		}
	}
	if len(useful) == 0 {
		return // the actions have been reported
	}
	for i := range sa.resources {
		r := &sa.resources[i]
		here := map[*wanted]bool{}
		for _, n := range sa.touched[i] {
			here[n] = true
		}
		var idle []string
		for _, e := range useful {
			if !sa.spend(1 + len(e.wants)) {
				return
			}
			if sa.needless(e, here) {
				idle = append(idle, sa.actionText(e))
			}
		}
		if len(idle) == 0 {
			continue
		}
		sa.report(&sa.audit.Excess, AuditEntry{Code: "EXCESS_RESOURCE", Severity: source.Warning, Actions: idle, Resources: []string{r.text},
			Why: fmt.Sprintf("no call needs %s on %s", some(idle), r.text), Hint: "leave the resource out, or give the actions statements of their own"}, r.value)
	}
}

func (sa *statementAudit) actionText(e *actionEntry) string {
	if e.value == nil {
		return "all but " + some(sa.statement.NotAction.Texts())
	}
	return e.value.Text
}

// wideResources reports resources that are wider than what is needed of them.
func (sa *statementAudit) wideResources() {
	for i := range sa.resources {
		r, needs := &sa.resources[i], sa.touched[i]
		if len(needs) == 0 {
			continue
		}
		var actions, needed, states []string
		known, narrowed := true, r.varies
		wide := sa.wideFor(r, needs)
		for _, n := range wide {
			actions = append(actions, n.grant.Action)
			needed = append(needed, n.grant.Resource)
			states = append(states, n.grant.States...)
			known = known && n.literal != ""
			narrowed = narrowed || sa.narrowedBeyond(n)
		}
		if len(wide) == 0 {
			continue
		}
		e := AuditEntry{Code: "EXCESS_RESOURCE", Severity: source.Warning, Actions: distinct(actions), Resources: []string{r.text}, Needed: distinct(needed), States: distinct(states)}
		e.Why = fmt.Sprintf("%s allows %s on more than the calls need, which is %s", r.text, some(e.Actions), some(e.Needed))
		e.Hint = "name " + some(e.Needed)
		if narrowed {
			e.Severity = source.Suggestion
		}
		passes := slices.Contains(e.Actions, "iam:PassRole") // which has risks of its own
		if known && !passes && !narrowed && allOfItsKind(r) {
			e.covered = true
			risk := e
			risk.Code, risk.covered = "WILDCARD_RESOURCE", false
			risk.Why = fmt.Sprintf("%s is allowed on %s, though the calls name what they need: %s", some(e.Actions), r.text, some(e.Needed))
			sa.report(&sa.audit.Risks, risk, r.value)
		}
		sa.report(&sa.audit.Excess, e, r.value)
	}
}

// wideFor are the needs of those actions for which no need takes up the whole
// of a resource.
func (sa *statementAudit) wideFor(r *resourceEntry, needs []*wanted) []*wanted {
	full := map[string]bool{}
	for _, n := range needs {
		if !full[n.action] && sa.spend(1) && sa.within(r, n) {
			full[n.action] = true
		}
	}
	var out []*wanted
	for _, n := range needs {
		if !full[n.action] {
			out = append(out, n)
		}
	}
	return out
}

// narrowedBeyond reports whether the statement has conditions that the need
// does not bring with it.
func (sa *statementAudit) narrowedBeyond(n *wanted) bool {
	if sa.statement.Condition == nil {
		return false
	}
	for _, block := range sa.statement.Condition.Blocks {
		for _, key := range block.Keys {
			if !slices.Contains(n.keys, strings.ToLower(key.Name)) {
				return true
			}
		}
	}
	return false
}

// allOfItsKind reports whether an entry names no resource: "*", or an ARN whose
// last part is.
func allOfItsKind(r *resourceEntry) bool {
	if r.all {
		return true
	}
	parts := strings.SplitN(r.text, ":", 6)
	if len(parts) != 6 {
		return strings.Trim(r.text, "*") == ""
	}
	name := parts[5]
	if i := strings.IndexAny(name, ":/"); i >= 0 {
		name = name[i+1:]
	}
	return strings.Trim(name, "*:/") == ""
}

// unconditioned suggests the conditions that calls would meet and the statement
// does not ask for.
func (sa *statementAudit) unconditioned() {
	have := map[string]bool{}
	if c := sa.statement.Condition; c != nil {
		for _, block := range c.Blocks {
			for _, key := range block.Keys {
				have[strings.ToLower(key.Name)] = true
			}
		}
	}
	byAction := map[string][]*wanted{}
	var order []string
	for n := range sa.orderedTouched() {
		if byAction[n.action] == nil {
			order = append(order, n.action)
		}
		byAction[n.action] = append(byAction[n.action], n)
	}
	for _, action := range order {
		needs := byAction[action]
		if action == "iam:passrole" || slices.ContainsFunc(needs, func(n *wanted) bool { return len(n.keys) == 0 }) {
			continue
		}
		first := needs[0].grant
		at := slices.IndexFunc(first.Conditions, func(c Condition) bool { return !have[strings.ToLower(c.Key)] })
		if at < 0 || slices.ContainsFunc(needs, func(n *wanted) bool { return !slices.Contains(n.keys, strings.ToLower(first.Conditions[at].Key)) }) {
			continue
		}
		c := first.Conditions[at]
		sa.report(&sa.audit.Excess, AuditEntry{Code: "CONDITION_WOULD_NARROW", Severity: source.Suggestion, Actions: []string{first.Action}, Resources: resourceTexts(sa.statement),
			Conditions: []Condition{c}, Why: fmt.Sprintf("%s is allowed whatever %s is, which the calls always set", first.Action, c.Key),
			Hint: fmt.Sprintf("add the condition %s %s %s", c.Operator, c.Key, some(c.Values))}, nil)
	}
}

// orderedTouched goes through the needs that the statement touches, each once.
func (sa *statementAudit) orderedTouched() func(func(*wanted) bool) {
	return func(yield func(*wanted) bool) {
		seen := map[*wanted]bool{}
		for _, list := range sa.touched {
			for _, n := range list {
				if !seen[n] {
					seen[n] = true
					if !yield(n) {
						return
					}
				}
			}
		}
	}
}

// doubts are services of which not all needs are known, by findings that leave
// something open.
type doubts struct {
	all      bool
	services map[string]bool
}

// about reports whether an action, or some that a pattern matches, may be needed
// without being known to.
func (d doubts) about(action string) bool {
	if len(d.services) == 0 {
		return false
	}
	service, _, ok := strings.Cut(strings.ToLower(action), ":")
	return !ok || strings.ContainsAny(service, "*?") || d.services[service]
}

func (a *auditor) doubts() doubts {
	d := doubts{services: map[string]bool{}}
	byState := map[string]map[string]bool{}
	for i := range a.needs {
		service, _, _ := strings.Cut(strings.ToLower(a.needs[i].Action), ":")
		for _, state := range a.needs[i].States {
			if byState[state] == nil {
				byState[state] = map[string]bool{}
			}
			byState[state][service] = true
		}
	}
	for _, f := range a.findings {
		switch {
		case f.Code == "UNKNOWN_RESOURCE":
			d.all = true
		case f.Code == "PASS_ROLE_UNKNOWN":
			d.services["iam"] = true
		case Undecided(source.List{f}):
			d.services["iam"] = true
			if s := a.stateAt(f.Span); s != nil {
				for service := range byState[s.Name] {
					d.services[service] = true
				}
			}
		}
	}
	return d
}

// stateAt is the innermost state around a place in the definition.
func (a *auditor) stateAt(span source.Span) *asl.State {
	i, _ := slices.BinarySearchFunc(a.order, span, func(s *asl.State, at source.Span) int { return int(s.NameSpan.Start) - int(at.Start) - 1 })
	if i == 0 {
		return nil
	}
	s := a.order[i-1]
	for s != nil && s.Span.End < span.End {
		s = s.Parent()
	}
	return s
}
