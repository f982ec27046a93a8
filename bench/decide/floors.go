package main

import (
	"slices"
	"strings"
)

// The floors do the least that an answer needs, in plain loops over what was
// prepared: they stand for what is physically possible. They know the workloads'
// part of the language only and explain nothing.

// tripleMap has every answer in a map of principal, action and resource. It
// stands for the look-up that any engine with a cache of answers needs.
type tripleMap struct {
	w       *workload
	triples []triple
	answers map[triple]decision
	truth   engine
}

type triple struct{ principal, action, resource string }

func newTripleMap(w *workload) (engine, error) {
	truth, err := newFloorScan(w)
	if err != nil {
		return nil, err
	}
	m := &tripleMap{w: w, truth: truth}
	for i := range w.size() {
		p, q := w.question(i)
		m.triples = append(m.triples, triple{w.Principals[p].ARN, q.Action, q.Resource})
	}
	// Strings from elsewhere, as requests have them: equal ones are not the same.
	for i := range m.triples {
		t := &m.triples[i]
		if w.Matrix == nil {
			t.principal, t.action, t.resource = strings.Clone(t.principal), strings.Clone(t.action), strings.Clone(t.resource)
		}
	}
	return m, nil
}

// load asks nothing twice; questions that differ in their context only share an
// answer, which is why this floor's answers are not compared.
func (m *tripleMap) load() error {
	if err := m.truth.load(); err != nil {
		return err
	}
	m.answers = make(map[triple]decision, len(m.triples))
	for i, t := range m.triples {
		if _, ok := m.answers[t]; !ok {
			m.answers[t] = m.truth.decide(i)
		}
	}
	return nil
}

func (m *tripleMap) decide(i int) decision { return m.answers[m.triples[i]] }

// floorStatement is a statement as the floors read it.
type floorStatement struct {
	deny       bool
	resources  []string
	all        bool // resources hold *
	conditions []condition
	actions    statement // for the scan
}

func (s *floorStatement) matches(q *question) bool {
	if !s.all && !slices.ContainsFunc(s.resources, func(r string) bool { return resourceMatches(r, q.Resource) }) {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(q) {
			return false
		}
	}
	return true
}

func resourceMatches(pattern, resource string) bool {
	if i := strings.IndexByte(pattern, '*'); i == len(pattern)-1 {
		return strings.HasPrefix(resource, pattern[:i])
	} else if i < 0 {
		return pattern == resource
	}
	return glob(pattern, resource)
}

func (c *condition) holds(q *question) bool {
	values, ok := q.Context[c.key]
	if !ok {
		return c.operator == "StringNotEquals"
	}
	equal := slices.ContainsFunc(c.values, func(v string) bool { return c.equal(v, values[0]) })
	return equal != (c.operator == "StringNotEquals")
}

func (c *condition) equal(v, value string) bool {
	switch c.operator {
	case "StringEquals", "StringNotEquals":
		return v == value
	}
	return glob(v, value)
}

// floorLayer is statements that together must allow.
type floorLayer []floorStatement

func (w *workload) floorLayers() ([][]floorLayer, error) {
	parsed := make([][]statement, len(w.Policies))
	for i, p := range w.Policies {
		var err error
		if parsed[i], err = statements(p.Document); err != nil {
			return nil, err
		}
	}
	out := make([][]floorLayer, len(w.Principals))
	for i := range w.Principals {
		for _, list := range w.Principals[i].layers() {
			var layer floorLayer
			for _, policy := range list {
				for _, s := range parsed[policy] {
					layer = append(layer, floorStatement{s.deny, s.resources, slices.Contains(s.resources, "*"), s.conditions, s})
				}
			}
			out[i] = append(out[i], layer)
		}
	}
	return out, nil
}

// floorScan tries every statement.
type floorScan struct {
	w      *workload
	layers [][]floorLayer // by principal
}

func newFloorScan(w *workload) (engine, error) { return &floorScan{w: w}, nil }

func (f *floorScan) load() (err error) {
	f.layers, err = f.w.floorLayers()
	for _, layers := range f.layers {
		for _, layer := range layers {
			for i := range layer {
				for j, a := range layer[i].actions.actions {
					layer[i].actions.actions[j] = strings.ToLower(a)
				}
			}
		}
	}
	return err
}

func (f *floorScan) decide(i int) decision {
	p, q := f.w.question(i)
	action := strings.ToLower(q.Action)
	result := allow
	for _, layer := range f.layers[p] {
		allowed := false
		for j := range layer {
			s := &layer[j]
			if (!allowed || s.deny) && s.about(action) && s.matches(q) {
				if s.deny {
					return explicitDeny
				}
				allowed = true
			}
		}
		if !allowed {
			result = implicitDeny
		}
	}
	return result
}

func (s *floorStatement) about(action string) bool {
	for _, a := range s.actions.actions {
		if a == action || resourceMatches(a, action) {
			return !s.actions.notActions
		}
	}
	return s.actions.notActions
}

// floorLists has the statements about each action in a list.
type floorLists struct {
	w     *workload
	lists []map[string][]actionLayer // by principal
}

// actionLayer is what a layer says about one action.
type actionLayer struct {
	deny, allow []floorStatement
	byPrefix    map[string][]floorStatement // of floorIndex: allow, by the literal beginning of the resource
	lengths     []int
	unspecific  []floorStatement
}

func newFloorLists(w *workload) (engine, error) { return &floorLists{w: w}, nil }

func (f *floorLists) load() error {
	layers, err := f.w.floorLayers()
	if err != nil {
		return err
	}
	actions := f.w.actionsAsked()
	for _, of := range layers {
		f.lists = append(f.lists, listByAction(of, actions))
	}
	return nil
}

func listByAction(layers []floorLayer, actions []string) map[string][]actionLayer {
	lists := map[string][]actionLayer{}
	for _, action := range actions {
		of := make([]actionLayer, len(layers))
		for i, layer := range layers {
			for j := range layer {
				switch s := &layer[j]; {
				case !s.actions.matchesAction(strings.ToLower(action)):
				case s.deny:
					of[i].deny = append(of[i].deny, *s)
				default:
					of[i].allow = append(of[i].allow, *s)
				}
			}
		}
		lists[action] = of
	}
	return lists
}

func (f *floorLists) decide(i int) decision {
	p, q := f.w.question(i)
	layers := f.lists[p][q.Action]
	for j := range layers {
		if anyMatches(layers[j].deny, q) {
			return explicitDeny
		}
	}
	for j := range layers {
		if !anyMatches(layers[j].allow, q) {
			return implicitDeny
		}
	}
	return allow
}

func anyMatches(list []floorStatement, q *question) bool {
	for i := range list {
		if list[i].matches(q) {
			return true
		}
	}
	return false
}

// floorIndex knows each action by a number, which the question carries, and finds
// statements by a hash of how the resource begins.
type floorIndex struct {
	w       *workload
	numbers []int             // of the action, by question or pair
	lists   [][][]actionLayer // by principal and action
}

func newFloorIndex(w *workload) (engine, error) { return &floorIndex{w: w}, nil }

func (f *floorIndex) load() error {
	layers, err := f.w.floorLayers()
	if err != nil {
		return err
	}
	actions := f.w.actionsAsked()
	number := map[string]int{}
	for i, a := range actions {
		number[a] = i
	}
	questions := f.w.Requests
	if f.w.Matrix != nil {
		questions = f.w.Matrix.Pairs
	}
	for _, q := range questions {
		f.numbers = append(f.numbers, number[q.Action])
	}
	for _, of := range layers {
		byName := listByAction(of, actions)
		lists := make([][]actionLayer, len(actions))
		for i, a := range actions {
			lists[i] = byName[a]
			for j := range lists[i] {
				lists[i][j].index()
			}
		}
		f.lists = append(f.lists, lists)
	}
	return nil
}

func (l *actionLayer) index() {
	l.byPrefix = map[string][]floorStatement{}
	for _, s := range l.allow {
		for _, r := range s.resources {
			prefix, _, _ := strings.Cut(r, "*")
			if prefix == "" {
				l.unspecific = append(l.unspecific, s)
				continue
			}
			l.byPrefix[prefix] = append(l.byPrefix[prefix], s)
			if !slices.Contains(l.lengths, len(prefix)) {
				l.lengths = append(l.lengths, len(prefix))
			}
		}
	}
	slices.Sort(l.lengths)
}

func (f *floorIndex) decide(i int) decision {
	p, q := f.w.question(i)
	layers := f.lists[p][f.numbers[i%len(f.numbers)]]
	for j := range layers {
		if anyMatches(layers[j].deny, q) {
			return explicitDeny
		}
	}
	for j := range layers {
		if !layers[j].allows(q) {
			return implicitDeny
		}
	}
	return allow
}

func (l *actionLayer) allows(q *question) bool {
	if anyMatches(l.unspecific, q) {
		return true
	}
	for _, n := range l.lengths {
		if n > len(q.Resource) {
			break
		}
		if anyMatches(l.byPrefix[q.Resource[:n]], q) {
			return true
		}
	}
	return false
}
