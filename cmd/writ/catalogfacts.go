package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/near"
)

// The shapes of facts in JSON; docs/usage/catalog.md describes them. What only the
// answer about one name has is left out of lists.
type (
	serviceFact struct {
		Service   string   `json:"service"`
		Name      string   `json:"name"`
		Actions   []string `json:"actions"`
		Resources []string `json:"resources"`
		Keys      []string `json:"conditionKeys"`
		levels    map[catalog.AccessLevel]int
	}
	actionFact struct {
		Action      string              `json:"action"`
		AccessLevel catalog.AccessLevel `json:"accessLevel"`
		Resources   []actionTypeFact    `json:"resources"`
		Keys        []keyTypeFact       `json:"conditionKeys"`
		Dependents  []string            `json:"dependentActions"`
	}
	actionTypeFact struct {
		Type       string   `json:"type"`
		Required   bool     `json:"required"`
		Formats    []string `json:"formats"`
		OldFormats []string `json:"oldFormats,omitempty"`
		Keys       []string `json:"conditionKeys"`
	}
	keyTypeFact struct {
		Key  string          `json:"key"`
		Type catalog.KeyType `json:"type"`
	}
	resourceFact struct {
		Resource   string   `json:"resource"`
		Formats    []string `json:"formats"`
		OldFormats []string `json:"oldFormats,omitempty"`
		Matched    string   `json:"matchedFormat,omitempty"`
		Keys       []string `json:"conditionKeys"`
		Actions    []string `json:"actions,omitempty"`
	}
	keyFact struct {
		keyTypeFact
		Multivalued bool     `json:"multivalued"`
		Global      bool     `json:"global"`
		Services    []string `json:"services"`
		Resources   []string `json:"resources,omitempty"`
		Actions     []string `json:"actions,omitempty"`
	}
)

// servicesLike returns the services whose prefix or name matches a pattern.
func servicesLike(text string) (facts []fact, exact bool, err error) {
	c := catalog.Default()
	prefixes, err := c.Services()
	if err != nil {
		return nil, false, err
	}
	exact = text != "" && !hasWildcard(text)
	fits := matcher(text)
	if text == "" {
		fits = matcher("*")
	}
	if s, err := c.Service(text); exact && err == nil {
		return []fact{newServiceFact(s)}, true, nil
	}
	for _, prefix := range prefixes {
		s, err := c.Service(prefix)
		if err != nil {
			return nil, false, err
		}
		if fits(prefix) || fits(s.Name) {
			facts = append(facts, newServiceFact(s))
		}
	}
	if len(facts) == 0 {
		wanted := strings.NewReplacer("*", "", "?", "").Replace(text)
		return nil, false, &catalog.UnknownError{Kind: "service", Name: text, Nearest: new(near.Finder).Names(wanted, prefixes, 3)}
	}
	return facts, exact, nil
}

func newServiceFact(s *catalog.Service) *serviceFact {
	f := serviceFact{
		Service: s.Prefix, Name: s.Name,
		Actions:   namesOf(s.Actions, func(a *catalog.Action) string { return a.Name }),
		Resources: namesOf(s.Types, func(t *catalog.ResourceType) string { return t.Name }),
		Keys:      namesOf(s.Keys, func(k catalog.Key) string { return k.Name }),
		levels:    map[catalog.AccessLevel]int{},
	}
	for _, a := range s.Actions {
		f.levels[a.AccessLevel]++
	}
	return &f
}

func (f *serviceFact) row() []string {
	return []string{f.Service, f.Name, fmt.Sprintf("%d actions, %d resource types, %d keys", len(f.Actions), len(f.Resources), len(f.Keys))}
}

func (f *serviceFact) detail(p *answerPrinter) {
	p.printf("%s  %s\n", f.Service, f.Name)
	var counts []string
	for _, level := range accessLevels {
		if n := f.levels[catalog.AccessLevel(level)]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, level))
		}
	}
	p.line("actions", "%d: %s", len(f.Actions), strings.Join(counts, ", "))
	p.filled("resources", f.Resources)
	p.filled("keys", f.Keys)
}

// accessLevels are the access levels in the order of the IAM console.
var accessLevels = []string{
	string(catalog.List), string(catalog.Read), string(catalog.Tagging), string(catalog.Write), string(catalog.PermissionsManagement),
}

// filter keeps the actions that the flags ask for.
func (f *catalogFlags) filter(found []ref) ([]ref, error) {
	tests := []struct {
		value string
		test  func(string, []ref) (map[*catalog.Action]bool, error)
	}{{f.level, ofLevel}, {f.resource, onResource}, {f.key, withKey}}
	for _, t := range tests {
		if t.value == "" {
			continue
		}
		fits, err := t.test(t.value, found)
		if err != nil {
			return nil, err
		}
		kept := found[:0:0]
		for _, r := range found {
			a, err := catalog.Default().Action(r.service + ":" + r.name)
			if err != nil {
				return nil, err
			}
			if fits[a] {
				kept = append(kept, r)
			}
		}
		found = kept
	}
	return found, nil
}

func ofLevel(level string, found []ref) (map[*catalog.Action]bool, error) {
	// The documentation writes "Permissions management".
	level = strings.NewReplacer(" ", "", "-", "").Replace(level)
	i := slices.IndexFunc(accessLevels, func(l string) bool { return strings.EqualFold(l, level) })
	if i < 0 {
		return nil, fmt.Errorf("unknown access level %s: one of %s", near.Quote(level), strings.Join(accessLevels, ", "))
	}
	fits := map[*catalog.Action]bool{}
	err := eachService(found, func(s *catalog.Service) {
		for _, a := range s.Actions {
			fits[a] = string(a.AccessLevel) == accessLevels[i]
		}
	})
	return fits, err
}

// onResource finds the actions that take a resource type: TYPE, SERVICE:TYPE,
// or the type of an ARN.
func onResource(value string, found []ref) (map[*catalog.Action]bool, error) {
	fits := map[*catalog.Action]bool{}
	c := catalog.Default()
	if strings.HasPrefix(value, "arn:") {
		matches, err := matchARN(value)
		if err != nil {
			return nil, err
		}
		for _, m := range matches {
			s, err := c.Service(m.Type.Service)
			if err != nil {
				return nil, err
			}
			mark(fits, s.ActionsOn(m.Type.Name))
		}
		return fits, nil
	}
	service, name, ok := strings.Cut(value, ":")
	if ok {
		found = []ref{{service: service}}
	} else {
		name = value
	}
	exists := false
	var known []string
	err := eachService(found, func(s *catalog.Service) {
		_, has := s.ResourceType(name)
		exists = exists || has
		mark(fits, s.ActionsOn(name))
		for _, t := range s.Types {
			known = append(known, t.Name)
		}
	})
	if err == nil && !exists {
		slices.Sort(known)
		err = &catalog.UnknownError{Kind: "resource type", Name: value, Nearest: new(near.Finder).Names(name, slices.Compact(known), 3)}
	}
	return fits, err
}

// withKey finds the actions whose requests can carry a condition key. Of a
// global key there may be none: AWS lists them for every action or for none.
func withKey(key string, found []ref) (map[*catalog.Action]bool, error) {
	names, _, err := keyNames().find(keyName(key))
	if err != nil {
		return nil, err
	}
	fits := map[*catalog.Action]bool{}
	err = eachService(found, func(s *catalog.Service) {
		for _, n := range names {
			mark(fits, s.ActionsWithKey(n.service+":"+n.name))
		}
	})
	return fits, err
}

func mark(set map[*catalog.Action]bool, actions []*catalog.Action) {
	for _, a := range actions {
		set[a] = true
	}
}

// eachService visits the services of names, which stand together.
func eachService(found []ref, visit func(*catalog.Service)) error {
	last := ""
	for i, r := range found {
		if i > 0 && r.service == last {
			continue
		}
		last = r.service
		s, err := catalog.Default().Service(r.service)
		if err != nil {
			return err
		}
		visit(s)
	}
	return nil
}

func actionOf(r ref, _ bool) (fact, error) {
	s, err := catalog.Default().Service(r.service)
	if err != nil {
		return nil, err
	}
	a, _ := s.Action(r.name)
	f := actionFact{
		Action: a.FullName(), AccessLevel: a.AccessLevel,
		Resources: []actionTypeFact{}, Keys: []keyTypeFact{}, Dependents: nonNil(a.Dependents),
	}
	for _, t := range a.Types {
		full, _ := s.ResourceType(t.Name)
		keys := slices.Concat(t.Keys, full.Keys)
		slices.Sort(keys)
		f.Resources = append(f.Resources, actionTypeFact{t.Name, t.Required, full.Formats, full.OldFormats, nonNil(slices.Compact(keys))})
	}
	for _, name := range s.KeysOf(a) {
		k, _ := s.Key(name)
		f.Keys = append(f.Keys, keyTypeFact{name, k.Type})
	}
	return &f, nil
}

// types lists the resource types of an action, those that it must have with a
// star, as the documentation of AWS does.
func (f *actionFact) types() string {
	var out []string
	for _, t := range f.Resources {
		if t.Required {
			t.Type += "*"
		}
		out = append(out, t.Type)
	}
	return strings.Join(out, ", ")
}

func (f *actionFact) row() []string { return []string{f.Action, string(f.AccessLevel), f.types()} }

func (f *actionFact) detail(p *answerPrinter) {
	p.printf("%s  %s\n", f.Action, f.AccessLevel)
	word := "on"
	for _, t := range f.Resources {
		must := ""
		if t.Required {
			must = " (required)"
		}
		p.line(word, "%s%s", t.Type, must)
		p.formats(t.Formats, t.OldFormats)
		word = ""
	}
	if len(f.Resources) == 0 {
		p.line(word, "* alone: it takes no resource")
	}
	word = "keys"
	for _, k := range f.Keys {
		p.line(word, "%s  %s", k.Key, k.Type)
		word = ""
	}
	p.filled("may need", f.Dependents)
}

func (p *answerPrinter) formats(today, old []string) {
	for _, format := range today {
		p.more("  %s", format)
	}
	for _, format := range old {
		p.more("  %s (old)", format)
	}
}

// filled prints names in lines of some hundred characters.
func (p *answerPrinter) filled(word string, names []string) {
	const width = 100
	line := ""
	for i, name := range names {
		if i < len(names)-1 {
			name += ", "
		}
		if line != "" && len(line)+len(name) > width {
			p.line(word, "%s", strings.TrimRight(line, " "))
			word, line = "", ""
		}
		line += name
	}
	if line != "" {
		p.line(word, "%s", line)
	}
}

func typeOf(r ref, exact bool) (fact, error) {
	s, err := catalog.Default().Service(r.service)
	if err != nil {
		return nil, err
	}
	t, _ := s.ResourceType(r.name)
	f := resourceFact{Resource: r.service + ":" + t.Name, Formats: t.Formats, OldFormats: t.OldFormats, Keys: nonNil(t.Keys)}
	if exact {
		f.Actions = namesOf(s.ActionsOn(t.Name), (*catalog.Action).FullName)
	}
	return &f, nil
}

// typesOfARN returns the resource types that an ARN can belong to.
func typesOfARN(text string) ([]fact, error) {
	matches, err := matchARN(text)
	if err != nil {
		return nil, err
	}
	var facts []fact
	for _, m := range matches {
		one, err := typeOf(ref{m.Type.Service, m.Type.Name}, true)
		if err != nil {
			return nil, err
		}
		one.(*resourceFact).Matched = m.Format
		facts = append(facts, one)
	}
	return facts, nil
}

func matchARN(text string) ([]catalog.Match, error) {
	matches, err := catalog.Default().MatchARN(text)
	if err == nil && len(matches) == 0 {
		err = &catalog.UnknownError{Kind: "resource type of", Name: text}
	}
	return matches, err
}

func (f *resourceFact) row() []string {
	return []string{f.Resource, strings.Join(f.Formats, " ")}
}

func (f *resourceFact) detail(p *answerPrinter) {
	p.printf("%s\n", f.Resource)
	word := "formats"
	for _, format := range f.Formats {
		p.line(word, "%s", format)
		word = ""
	}
	for _, format := range f.OldFormats {
		p.line(word, "%s (old)", format)
		word = ""
	}
	p.filled("keys", f.Keys)
	p.filled("actions", f.Actions)
}

// keyName puts the placeholder of the catalogue in the place of what stands
// for it: aws:RequestTag/team is aws:RequestTag/${TagKey}.
func keyName(text string) string {
	if hasWildcard(text) {
		return text
	}
	if k, err := catalog.Default().Key(text); err == nil {
		return k.Name
	}
	return text
}

func keyOf(r ref, exact bool) (fact, error) {
	index, err := keyIndex()
	if err != nil {
		return nil, err
	}
	name := r.service + ":" + r.name
	k := index.types[name]
	f := keyFact{keyTypeFact{k.Name, k.Type}, k.Type.Multivalued(), index.global[name], nonNil(index.services[name]), nil, nil}
	if !exact {
		return &f, nil
	}
	for _, prefix := range f.Services {
		s, err := catalog.Default().Service(prefix)
		if err != nil {
			return nil, err
		}
		for _, t := range s.Types {
			if slices.Contains(t.Keys, name) {
				f.Resources = append(f.Resources, prefix+":"+t.Name)
			}
		}
		for _, a := range s.ActionsWithKey(name) {
			f.Actions = append(f.Actions, a.FullName())
		}
	}
	return &f, nil
}

// listedIn says where a key is at home.
func (f *keyFact) listedIn() string {
	const most = 4
	var in []string
	if f.Global {
		in = append(in, "global")
	}
	switch n := len(f.Services); {
	case n > most:
		in = append(in, fmt.Sprintf("%d services", n))
	default:
		in = append(in, f.Services...)
	}
	return strings.Join(in, ", ")
}

func (f *keyFact) row() []string { return []string{f.Key, string(f.Type), f.listedIn()} }

func (f *keyFact) detail(p *answerPrinter) {
	p.printf("%s  %s\n", f.Key, f.Type)
	if f.Multivalued {
		p.line("values", "several: for use with ForAllValues or ForAnyValue")
	}
	p.line("listed in", "%s", f.listedIn())
	p.some("resources", f.Resources)
	p.some("actions", f.Actions)
}

// some prints names, of very many the first: the JSON has them all.
func (p *answerPrinter) some(word string, names []string) {
	const most = 60
	if more := len(names) - most; more > 0 {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", more))
	}
	p.filled(word, names)
}
