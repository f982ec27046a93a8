package prove

import (
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// witness makes a request of a solution, as plausible as it can, and puts it to
// the engine.
func (c *comparison) witness(sc *scene, t *topic, a answer, class []string) (*Witness, error) {
	w := &Witness{}
	if len(c.holes.names) > 0 {
		if err := c.fillHoles(w, a.solution); err != nil {
			return nil, err
		}
	}
	r := &w.Request
	r.Action = c.pickAction(t, a, class)
	if text, ok := a.solution[resourceSubject]; ok {
		r.Resource = text[0]
	} else {
		text, _, o := c.solve(resourceSubject, nil, c.extra[resourceSubject]...)
		if o != found {
			return nil, internal("no resource for a request without conditions on it")
		}
		r.Resource = text
	}
	for _, k := range c.keys.list {
		switch values, ok := a.solution[subject(k.id)]; {
		case k.hole:
		case ok:
			r.Context = append(r.Context, authz.Entry{Key: k.name, Values: values})
		case a.literals.modes(k) == oneValue:
			text, _, o := c.solve(subject(k.id), nil, notEmpty)
			if o != found {
				return nil, internal("no value for the key %s", k.name)
			}
			r.Context = append(r.Context, authz.Entry{Key: k.name, Values: []string{text}})
		case a.literals.modes(k) == manyValues:
			values, _, o := c.solveMany(k, nil)
			if o != found {
				return nil, internal("no values for the key %s", k.name)
			}
			r.Context = append(r.Context, authz.Entry{Key: k.name, Values: values})
		case authz.Derives(k.name):
			r.Context = append(r.Context, authz.Entry{Key: k.name, Values: []string{}})
		}
	}
	c.place(w, sc)
	if !c.confirmed(w) {
		return nil, internal("%s on %s, by %s with %v", r.Action, r.Resource, r.Principal, r.Context)
	}
	c.improve(w, sc, a)
	c.shrink(w)
	_, err := c.facts.Action(w.Request.Action)
	w.FutureAction = err != nil
	c.explain(w)
	if w.FutureAction && w.By != nil {
		w.Request.Action = spelledAs(w.By.Statement.Action, w.Request.Action)
	}
	return w, nil
}

// fillHoles gives values to the holes: the engine decides for these.
func (c *comparison) fillHoles(w *Witness, s solution) error {
	w.Holes = c.valuesOfHoles(s)
	for i := range c.sets {
		var err error
		if c.engines[i], err = compileEngine(filled(c.sets[i], w.Holes)); err != nil {
			return err
		}
	}
	return nil
}

// pickAction prefers an action of the catalogue, spelled as there.
func (c *comparison) pickAction(t *topic, a answer, class []string) string {
	for _, action := range class {
		if known, err := c.facts.Action(action); err == nil {
			return known.FullName()
		}
	}
	if t.action != "" {
		return c.spelling[t.action]
	}
	text, ok := a.solution[actionSubject]
	if !ok {
		one, _, o := c.solve(actionSubject, nil, c.extra[actionSubject]...)
		if o != found {
			return ""
		}
		text = []string{one}
	}
	if known, err := c.facts.Action(text[0]); err == nil {
		return known.FullName()
	}
	return text[0]
}

// place chooses the caller and the owner of the resource.
func (c *comparison) place(w *Witness, sc *scene) {
	r := &w.Request
	r.Principal, r.ResourceAccount = sc.caller.Text, ""
	a, err := arn.Parse(r.Resource)
	switch {
	case sc.meaning == attached && sc.region == verum:
		if err == nil {
			account := a.Account
			if !arn.ValidAccount(account) {
				account = someAccount
			}
			r.Principal = userOf(a.Partition, account)
		}
	case sc.meaning == complete && sc.account != "" && (err != nil || !arn.ValidAccount(a.Account)):
		r.ResourceAccount = sc.account
	}
}

// confirmed puts a request to the engine: the first set must allow it and the
// second must not.
func (c *comparison) confirmed(w *Witness) bool {
	w.Assumes = ""
	if c.meaning == alone {
		return c.allowsAlone(0, &w.Request) && !c.allowsAlone(1, &w.Request)
	}
	shows := func(engines *[2]*authz.Engine) bool {
		now, old := engines[0].Decide(w.Request), engines[1].Decide(w.Request)
		return now.Result == authz.Allowed && (old.Result == authz.ImplicitlyDenied || old.Result == authz.ExplicitlyDenied)
	}
	if shows(&c.engines) {
		return true
	}
	if c.meaning != attached || !c.makeNeutral(w) || !shows(&c.neutral) {
		return false
	}
	w.Assumes = "the policy of the resource trusts its account"
	return true
}

// makeNeutral compiles engines in which the policy of the resource trusts the
// caller's account with everything.
func (c *comparison) makeNeutral(w *Witness) bool {
	caller, err := policy.ParseCaller(w.Request.Principal)
	if err != nil {
		return false
	}
	doc := &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{
		Effect: policy.Allow, Principal: policy.PrincipalOf(policy.PrincipalAWS, caller.Account), Action: policy.String("*"), Resource: policy.String("*"),
	}}}
	for i := range c.sets {
		set := filled(c.sets[i], w.Holes)
		set.Resource = &authz.Policy{Document: doc}
		if c.neutral[i], err = compileEngine(set); err != nil {
			return false
		}
	}
	return true
}

// allowsAlone reports whether a policy by itself allows a request: some statement
// does, and none denies.
func (c *comparison) allowsAlone(i int, r *authz.Request) bool {
	x := c.engines[i].Explain(*r)
	if x.Decision.Result == authz.Invalid {
		return false
	}
	set := &[]*side{c.now, c.old}[i].set
	allows := set.Resource == nil && set.Endpoint == nil && set.RCPs != nil
	for _, s := range x.Statements {
		if s.Outcome == authz.ExplicitlyDenied {
			return false
		}
		allows = allows || s.Outcome == authz.Allowed
	}
	return allows
}

// improve tries a resource that has one of the forms of the action's resources.
func (c *comparison) improve(w *Witness, sc *scene, a answer) {
	lits := elements(a.literals.values[resourceSubject])
	if slices.ContainsFunc(lits, func(l elementLiteral) bool { return len(l.in.open) > 0 }) {
		return
	}
	forms, takesNone := c.forms(w.Request.Action)
	if takesNone && w.Request.Resource == "*" {
		return
	}
	// A * of a policy that runs over colons is no reason for colons in the name.
	plain := elementLiteral{not: true, in: &language{wild: []*pattern.Pattern{moreColons()}}}
	for _, form := range forms {
		for _, lits := range [][]elementLiteral{append(slices.Clip(lits), plain), lits} {
			text, _, o := c.solve(resourceSubject, lits, append(slices.Clip(c.extra[resourceSubject]), arnForm(form))...)
			if o != found {
				continue
			}
			better := *w
			better.Request.Resource = text
			if c.place(&better, sc); c.confirmed(&better) && (better.Assumes == "" || w.Assumes != "") {
				*w = better
				return
			}
		}
	}
}

// moreColons matches texts with more colons than an ARN needs.
var moreColons = sync.OnceValue(func() *pattern.Pattern { return pattern.Compile(strings.Repeat("*:", arnColons+1) + "*") })

// forms are patterns of the ARNs of an action's resources, the likeliest first,
// and then of any resource.
func (c *comparison) forms(action string) (forms []string, takesNone bool) {
	const anything = "arn:aws:?*:*:*:?*"
	prefix, _, _ := strings.Cut(action, ":")
	ofService := "arn:aws:" + prefix + ":*:*:?*"
	service, err := c.facts.Service(prefix)
	if err != nil {
		return []string{anything}, false
	}
	a, known := service.Action(strings.TrimPrefix(action, prefix+":"))
	if !known {
		a = likest(service, strings.TrimPrefix(action, prefix+":"))
	}
	var wide []string
	for _, t := range a.Types {
		typ, ok := service.ResourceType(t.Name)
		if !ok {
			continue
		}
		for _, format := range typ.Formats {
			forms = append(forms, fill(format, "us-east-1", someAccount))
			wide = append(wide, fill(format, "*", "*"))
		}
	}
	for _, list := range [][]string{forms, wide} {
		slices.SortStableFunc(list, func(a, b string) int { return len(a) - len(b) })
	}
	return append(append(forms, wide...), ofService, anything), known && len(a.Types) == 0
}

// fill turns a format of ARNs into a pattern.
func fill(format, region, account string) string {
	return arn.Fill(format, func(name string) string {
		switch name {
		case "Partition":
			return "aws"
		case "Region":
			return region
		case "Account":
			return account
		}
		return "?*"
	})
}

// shrink drops keys, and values of keys, that the request does not need.
func (c *comparison) shrink(w *Witness) {
	for i := 0; i < len(w.Request.Context); {
		fewer := *w
		fewer.Request.Context = slices.Delete(slices.Clone(w.Request.Context), i, i+1)
		if !timely(w.Request.Context[i].Key) && c.confirmed(&fewer) && (fewer.Assumes == "" || w.Assumes != "") {
			*w = fewer
			continue
		}
		for c.dropValue(w, i) {
		}
		i++
	}
}

// timely reports whether a key that the context lacks has another value
// tomorrow.
func timely(name string) bool {
	name = lower(name)
	return name == "aws:currenttime" || name == "aws:epochtime"
}

func (c *comparison) dropValue(w *Witness, i int) bool {
	values := w.Request.Context[i].Values
	if len(values) < 2 {
		return false
	}
	for j := range values {
		fewer := *w
		fewer.Request.Context = slices.Clone(w.Request.Context)
		fewer.Request.Context[i].Values = slices.Delete(slices.Clone(values), j, j+1)
		if c.confirmed(&fewer) {
			*w = fewer
			return true
		}
	}
	return false
}

// explain names the statements that make the difference.
func (c *comparison) explain(w *Witness) {
	engines := &c.engines
	if w.Assumes != "" {
		engines = &c.neutral
	}
	now, old := engines[0].Explain(w.Request), engines[1].Explain(w.Request)
	for _, s := range now.Statements {
		if s.Outcome == authz.Allowed && s.Speaks && w.By == nil && (c.meaning != complete || slices.Contains(now.Decision.By(), s.Reference)) {
			w.By = statementOf(&c.sets[0], s.Reference)
		}
	}
	for _, s := range old.Statements {
		if s.Outcome == authz.ExplicitlyDenied && s.Speaks && w.Nearest == nil {
			w.Nearest = statementOf(&c.sets[1], s.Reference)
		}
	}
	if w.Nearest == nil && old.Nearest >= 0 {
		s := &old.Statements[old.Nearest]
		w.Nearest, w.Failures = statementOf(&c.sets[1], s.Reference), s.Failures()
	}
}

func statementOf(set *authz.Set, r authz.Reference) *Statement {
	p, s := set.Statement(r)
	if s == nil {
		return nil
	}
	return &Statement{Reference: r, Policy: p, Statement: s}
}
