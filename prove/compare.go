package prove

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// comparison looks for a request that one set allows and another does not.
type comparison struct {
	*problem
	facts    *catalog.Catalog
	now, old *side
	meaning  meaning
	sets     [2]authz.Set     // with holes as they were named
	engines  [2]*authz.Engine // of now and old
	neutral  [2]*authz.Engine // the same with a resource policy that trusts the account; made when needed
	only     *document        // one statement that must apply besides; nil for none
	always   formula          // what the request must satisfy besides
	public   *Zone            // only callers outside of it are asked about; nil for all
	whole    bool             // the policy of a resource has statements that name no resources
	literals []string         // actions that policies name outright, in small letters, sorted
	spelling map[string]string
	future   *Witness // found first of all, of an action that the catalogue does not have
}

func newComparison(now, old authz.Set, options Options) (*comparison, error) {
	c := &comparison{problem: newProblem(options), facts: options.facts(), always: verum, spelling: map[string]string{}}
	now, old = withoutEmpty(now), withoutEmpty(old)
	c.sets = [2]authz.Set{now, old}
	now, old = c.holes.numbered(now), c.holes.numbered(old)
	for i, set := range []authz.Set{now, old} {
		var err error
		if c.engines[i], err = compileEngine(set); err != nil {
			return nil, err
		}
		documentsOf(&set, c.keys.note)
	}
	c.meaning = meaningOf(&now, &old)
	c.whole = namesNoResource(now.Resource) || namesNoResource(old.Resource)
	c.noteUnreadable(now.Resource)
	c.noteShort(now.Resource, old.Resource)
	// Keys that variables name are known only after compiling, and their types
	// are asked for only while solving; but what may hold several values is needed
	// before. So variables are read first.
	for _, set := range []*authz.Set{&now, &old} {
		documentsOf(set, func(doc *policy.Document) { c.noteVariables(doc) })
	}
	c.keys.settle(c.facts)
	c.now, c.old = c.side(now), c.side(old)
	return c, nil
}

func namesNoResource(p *authz.Policy) bool {
	return p != nil && slices.ContainsFunc(p.Document.Statements, func(s policy.Statement) bool {
		return s.Resource == nil && s.NotResource == nil
	})
}

// noteUnreadable gives up on the actions of Allow statements that name no
// resources, but should: what they mean is not known.
func (c *comparison) noteUnreadable(p *authz.Policy) {
	if p == nil {
		return
	}
	for i := range p.Document.Statements {
		s := &p.Document.Statements[i]
		if s.Effect != policy.Allow || s.Resource != nil || s.NotResource != nil {
			continue
		}
		for j := range s.Action.Len() {
			if entry := s.Action.Values[j].Text; !aboutWhole(entry) {
				c.gap("a statement about " + strconv.Quote(entry) + " names no resources")
			}
		}
	}
}

// noteShort gives up where the new policy of a resource may allow more than can be read,
// or the old one deny more: their resources are no ARNs. What is the same means the same.
func (c *comparison) noteShort(now, old *authz.Policy) {
	if now != nil && old != nil && now.Document.String() == old.Document.String() {
		return
	}
	c.noteShortOf(now, policy.Allow)
	c.noteShortOf(old, policy.Deny)
}

func (c *comparison) noteShortOf(p *authz.Policy, effect policy.Effect) {
	if p == nil {
		return
	}
	for i := range p.Document.Statements {
		s := &p.Document.Statements[i]
		for _, list := range []*policy.List{s.Resource, s.NotResource} {
			for j := range list.Len() {
				if text := list.Values[j].Text; s.Effect == effect && !policy.MayBeARN(text) {
					c.gap("what the resource " + strconv.Quote(text) + " is, the service alone knows")
				}
			}
		}
	}
}

// noteVariables numbers the keys that variables name.
func (c *comparison) noteVariables(doc *policy.Document) {
	if !doc.HasVariables() {
		return
	}
	policy.Walk(doc, func(_ policy.Place, node any) bool {
		if v, ok := node.(*policy.Value); ok && strings.Contains(v.Text, "${") {
			pieces, _ := policy.ParseVariables(v.Text)
			for _, piece := range pieces {
				if piece.Kind == policy.PieceVariable {
					c.keys.key(piece.Variable.Name)
				}
			}
		}
		return true
	})
}

// documents are all that were compiled.
func (c *comparison) documents() []*document {
	out := slices.Concat(c.now.all, c.old.all)
	if c.only != nil {
		out = append(out, c.only)
	}
	return out
}

// nameActions gathers the actions that need a query of their own.
func (c *comparison) nameActions() {
	for _, d := range c.documents() {
		for _, s := range d.statements {
			for folded, text := range s.actions.exact {
				if known := c.spelling[folded]; known == "" || text < known {
					c.spelling[folded] = text
				}
			}
		}
	}
	for _, r := range rules {
		for folded, text := range r.actions.exact {
			if c.spelling[folded] == "" {
				c.spelling[folded] = text
			}
		}
	}
	c.literals = slices.Sorted(maps.Keys(c.spelling))
}

// run asks scene by scene and topic by topic.
func (c *comparison) run(ctx context.Context) (Result, error) {
	if c.holes.open != "" {
		return Result{Verdict: Undecided, Reason: c.holes.open}, nil
	}
	c.nameActions()
	granting := c.now.granting()
	granted, grantedSeeds := c.classes(granting, c.literals), seeds(granting)
	var everything [][]string
	for _, sc := range c.scenes() {
		classes, seeds := granted, grantedSeeds
		if c.withoutGrant(sc) {
			if everything == nil {
				everything = c.classes(nil, c.literals)
			}
			classes, seeds = everything, []seed{anyAction()}
		}
		for _, class := range classes {
			if w, err := c.ask(ctx, sc, c.about(class[0]), class); c.settled(w, err) {
				return c.finish(w, err)
			}
		}
		if sc.caller.Kind == policy.CallerProvider {
			continue // all actions of theirs have names
		}
		if c.whole { // so do those about roles
			var ok bool
			if seeds, ok = ownSeeds(seeds); !ok {
				c.gap("a wildcard of an action is too long")
			}
		}
		for _, s := range seeds {
			if w, err := c.askSeed(ctx, sc, s); c.settled(w, err) {
				return c.finish(w, err)
			}
		}
	}
	switch {
	case c.future != nil:
		return c.finish(c.future, nil)
	case len(c.gaps) > 0:
		return Result{Verdict: Undecided, Reason: strings.Join(c.gaps, "; ")}, nil
	}
	return Result{Verdict: Proved}, nil
}

// settled reports whether there is nothing more to look for. A witness whose
// action nobody knows convinces nobody while another may be found, so it waits.
func (c *comparison) settled(w *Witness, err error) bool {
	if err == nil && w != nil && w.FutureAction {
		if c.future == nil {
			c.future = w
		}
		return false
	}
	return w != nil || err != nil
}

func (c *comparison) finish(w *Witness, err error) (Result, error) {
	switch {
	case err != nil && c.future != nil:
		return Result{Verdict: Refuted, Witness: c.future}, nil
	case errors.Is(err, context.DeadlineExceeded):
		return Result{Verdict: Undecided, Reason: "the time limit was reached"}, nil
	case errors.Is(err, context.Canceled):
		return Result{Verdict: Undecided, Reason: "canceled"}, nil
	case err != nil:
		return Result{}, err
	}
	return Result{Verdict: Refuted, Witness: w}, nil
}

// withoutGrant: the root user needs no statement that allows, and resource control
// policies have none.
func (c *comparison) withoutGrant(sc *scene) bool {
	set := &c.now.set
	return c.meaning == complete && sc.caller.Kind == policy.CallerRoot ||
		c.meaning == alone && set.Resource == nil && set.Endpoint == nil && set.RCPs != nil
}

// classes puts actions into classes of which all policies say the same. Those
// that no granting policy allows are left out, unless nil asks for all.
func (c *comparison) classes(granting []*document, actions []string) [][]string {
	var out [][]string
	at := map[string]int{}
	var key []byte
	for _, action := range actions {
		allows := granting == nil
		for _, d := range granting {
			allows = allows || slices.ContainsFunc(d.about(action), func(i int) bool { return !d.statements[i].deny })
		}
		if !allows {
			continue
		}
		key = key[:0]
		for _, d := range c.documents() {
			for _, i := range d.about(action) {
				key = strconv.AppendInt(key, int64(i), 32)
				key = append(key, ' ')
			}
			key = append(key, '|')
		}
		key = append(key, ruleOf(action)...)
		if i, ok := at[string(key)]; ok {
			out[i] = append(out[i], action)
			continue
		}
		at[string(key)] = len(out)
		out = append(out, []string{action})
	}
	return out
}

// ask looks for a witness among the actions of a class.
func (c *comparison) ask(ctx context.Context, sc *scene, t *topic, class []string) (*Witness, error) {
	if !c.fits(sc, t.action) {
		return nil, nil
	}
	c.extra = map[subject][]*pattern.Pattern{}
	c.excluded = nil
	if c.whole {
		c.extra[resourceSubject] = ofWhole(t.action)
	}
	f, plain := c.formula(sc, t)
	for _, f := range slices.Compact([]formula{plain, f}) {
		if _, known := c.answered[f]; known {
			continue
		}
		a, err := c.search(ctx, f)
		if err != nil {
			return nil, err
		}
		switch a.outcome {
		case found:
			return c.witness(sc, t, a, class)
		case none:
			c.answered[f] = struct{}{}
		}
	}
	return nil, nil
}

// ofWhole says what resources a policy is about whose statements name none.
func ofWhole(action string) []*pattern.Pattern {
	if trustRule.about(action) {
		return []*pattern.Pattern{arnForm("arn:aws:iam::" + someAccount + ":role/?*")}
	}
	return []*pattern.Pattern{arnForm(strings.Replace(wholeRule(action).resource, "arn:*:", "arn:aws:", 1))}
}

// fits: some actions are only called by users of identity providers, who call no
// others; statements without resources are about few actions.
func (c *comparison) fits(sc *scene, action string) bool {
	if providerRule.about(action) != (sc.caller.Kind == policy.CallerProvider) {
		return false
	}
	return !c.whole || wholeRule(action) != nil
}

// formula is what a witness satisfies; plain is the part of it in which no other
// policy than those that were given has a say.
func (c *comparison) formula(sc *scene, t *topic) (f, plain formula) {
	f = c.fs.and(c.always, sc.region, c.allowed(c.now, t, sc), c.fs.not(c.allowed(c.old, t, sc)))
	if c.only != nil {
		f = c.fs.and(f, c.applies([]*document{c.only}, t, sc, false, false, named))
	}
	plain = f
	if c.meaning == attached {
		plain = c.fs.and(f, c.fs.not(c.special(t)))
	}
	return f, plain
}

// askSeed looks for a witness among the actions that no policy names.
func (c *comparison) askSeed(ctx context.Context, sc *scene, s seed) (*Witness, error) {
	if c.options.KnownActions {
		return c.askKnown(ctx, sc, s)
	}
	t := c.within(s)
	f, plain := c.formula(sc, t)
	for _, f := range slices.Compact([]formula{plain, f}) {
		c.extra = map[subject][]*pattern.Pattern{actionSubject: {s.pattern}}
		if c.whole {
			c.extra[resourceSubject] = ofWhole(s.service + ":any")
		}
		c.excluded = c.namedWithin(s)
		a, err := c.search(ctx, f)
		if err != nil {
			return nil, err
		}
		if a.outcome != found {
			continue
		}
		if w, err := c.witness(sc, t, a, nil); err != nil || !w.FutureAction {
			return w, err
		} else if known, err := c.askKnown(ctx, sc, s); known != nil || err != nil {
			return known, err
		} else {
			return w, nil
		}
	}
	return nil, nil
}

// namedWithin is the actions that a seed matches and policies name.
func (c *comparison) namedWithin(s seed) *language {
	l := &language{}
	for _, action := range c.literals {
		if s.pattern.Match(action) {
			l.addText(action)
		}
	}
	return l
}

// askKnown looks for a witness among the actions of the catalogue that a seed
// matches and no policy names.
func (c *comparison) askKnown(ctx context.Context, sc *scene, s seed) (*Witness, error) {
	names, err := c.knownActions(s)
	if err != nil {
		return nil, err
	}
	for _, class := range c.classes(c.now.granting(), names) {
		if w, err := c.ask(ctx, sc, c.about(class[0]), class); w != nil || err != nil {
			return w, err
		}
	}
	return nil, nil
}

// knownActions returns the actions of the catalogue that a seed matches, in small
// letters, and notes their spelling.
func (c *comparison) knownActions(s seed) ([]string, error) {
	actions, err := c.facts.Expand(s.pattern.String())
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range actions {
		folded := lower(a.FullName())
		if _, named := slices.BinarySearch(c.literals, folded); !named {
			c.spelling[folded] = a.FullName()
			out = append(out, folded)
		}
	}
	return out, nil
}
