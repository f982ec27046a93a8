package catalog

import (
	"slices"
	"strings"
)

// sdkDecoder reads a file of sdk/. The actions and resource types that it
// names are looked up, so the services of the actions are read too.
type sdkDecoder struct {
	*reader
	catalog *Catalog
	service *SDKService
	op      *Operation // the operation that following lines are about
}

func (c *Catalog) decodeSDK(name string, r *reader) (*SDKService, error) {
	d := &sdkDecoder{reader: r, catalog: c, service: decodeHead(name, r)}
	for f := r.next(); f != nil; f = r.next() {
		d.add(f)
	}
	d.finish()
	if r.err != nil {
		return nil, r.err
	}
	return d.service, nil
}

// decodeHead reads the first line of a file.
func decodeHead(name string, r *reader) *SDKService {
	f := r.next()
	if f == nil || f[0] != "sdk" {
		r.fail("does not begin with a line of the kind sdk")
		return nil
	}
	f = r.need(f, 3, 5)
	if f[1] != name {
		r.fail("describes the service %q", f[1])
	}
	return &SDKService{Name: f[1], ID: f[2], Prefix: f[3], Called: r.names(f[4])}
}

func (d *sdkDecoder) add(f []string) {
	if f[0] == "op" {
		d.finish()
		d.addOp(f)
		return
	}
	if d.op == nil {
		d.fail("%q stands under no operation", f[0])
		return
	}
	switch f[0] {
	case "none":
		f = d.need(f, 2, 2)
		d.op.Without = Reason(f[1])
		if !d.op.Without.valid() {
			d.fail("%q is no reason", f[1])
		}
	case "need":
		d.addNeed(f)
	case "on":
		d.addResource(f)
	case "role":
		f = d.need(f, 3, 5)
		role := PassedRole{Member: d.path(f[1]), Service: f[3], Certainty: d.certainty(f[2]), InstanceProfile: f[4] == "profile"}
		if f[4] != "" && f[4] != "profile" {
			d.fail("%q is no mark of a role", f[4])
		}
		d.op.Roles = append(d.op.Roles, role)
	case "conceals":
		f = d.need(f, 3, 4)
		hidden := Concealed{Service: f[1], Member: d.path(f[2])}
		for _, text := range d.names(f[3]) {
			hidden.Unless = append(hidden.Unless, d.path(text))
		}
		d.op.Conceals = append(d.op.Conceals, hidden)
	case "key":
		d.addKey(f)
	default:
		d.fail("%q is no kind of line", f[0])
	}
}

func (d *sdkDecoder) addOp(f []string) {
	f = d.need(f, 3, 5)
	op := &Operation{Service: d.service.Name, Name: f[1], Certainty: d.certainty(f[2]), Method: f[3], Path: f[4]}
	previous := ""
	if n := len(d.service.Ops); n > 0 {
		previous = d.service.Ops[n-1].Name
	}
	d.after(previous, op.Name)
	d.op = op
	d.service.Ops = append(d.service.Ops, op)
}

// finish completes the operation read last: one without lines about needs
// needs the action of its own name.
func (d *sdkDecoder) finish() {
	if d.op == nil || d.err != nil {
		return
	}
	if len(d.op.Needs) == 0 && d.op.Without == "" {
		d.implied()
	}
	if len(d.op.Needs) > 0 && d.op.Without != "" {
		d.fail("%s has needs and a reason to have none", d.op.Name)
	}
}

func (d *sdkDecoder) implied() {
	name := d.service.SameName(d.op)
	action, _ := d.action(name)
	if action != nil {
		name = action.FullName()
	}
	d.op.Needs = append(d.op.Needs, Need{Action: name, Purpose: Call})
}

func (d *sdkDecoder) addNeed(f []string) {
	f = d.need(f, 3, 4)
	need := Need{Action: f[1], Purpose: Purpose(f[2])}
	switch need.Purpose {
	case Call, Dependent, Tag:
	default:
		d.fail("%q is no purpose", f[2])
	}
	for _, text := range d.names(f[3]) {
		var g Guard
		text, g.Absent = strings.CutPrefix(text, "!")
		member, pattern := cutGuard(text)
		g.Member, g.Pattern = d.path(member), pattern
		need.When = append(need.When, g)
	}
	d.action(need.Action)
	d.op.Needs = append(d.op.Needs, need)
}

// cutGuard splits "Member:PATTERN"; a colon in the parentheses of a view is none.
func cutGuard(text string) (member, pattern string) {
	view := strings.Index(text, "(")
	end := strings.Index(text, ")")
	if at := strings.Index(text, ":"); view < 0 || at >= 0 && at < view {
		member, pattern, _ = strings.Cut(text, ":")
		return member, pattern
	}
	pattern, _ = strings.CutPrefix(text[end+1:], ":")
	return text[:end+1], pattern
}

// action looks up an action; that it does not exist is damage.
func (d *sdkDecoder) action(name string) (*Action, *Service) {
	prefix, short, _ := strings.Cut(name, ":")
	s, err := d.catalog.Service(prefix)
	if err != nil {
		d.fail("%s: %v", name, err)
		return nil, nil
	}
	a, ok := s.Action(short)
	if !ok {
		d.fail("%q is no action", name)
		return nil, nil
	}
	return a, s
}

func (d *sdkDecoder) addResource(f []string) {
	f = d.need(f, 3, 4)
	if len(d.op.Needs) == 0 {
		d.implied()
	}
	need := &d.op.Needs[len(d.op.Needs)-1]
	res := Resource{Certainty: d.certainty(f[2]), Bindings: d.bindings(f[3])}
	switch {
	case f[1] == "*":
		res.Type = "*"
	case strings.HasPrefix(f[1], "arn:"):
		d.format(f[1])
		res.Formats = []string{f[1]}
	default:
		_, s := d.action(need.Action)
		if s == nil {
			return
		}
		t, ok := s.ResourceType(f[1])
		if !ok || t.Name != f[1] {
			d.fail("%q is no resource type of %s", f[1], s.Prefix)
			return
		}
		res.Type, res.Formats = t.Name, t.Formats
	}
	need.Resources = append(need.Resources, res)
}

func (d *sdkDecoder) addKey(f []string) {
	f = d.need(f, 5, 5)
	k := KeyBinding{Key: f[1], Type: strings.TrimPrefix(f[2], "-"), Certainty: d.certainty(f[3]), Bindings: d.bindings(f[4])}
	d.knownKey(k.Key)
	holders := []string{k.Key}
	if k.Type != "" {
		if t := d.typeHere(k.Type); t != nil {
			holders = append(holders, t.Formats...)
		}
	}
	told := 0 // bindings of what stands in the key
	for _, b := range k.Bindings {
		mark := "${" + b.Placeholder + "}"
		if b.Placeholder != "" && !slices.ContainsFunc(holders, func(h string) bool { return strings.Contains(h, mark) }) {
			d.fail("nothing in %q is called %s", k.Key, b.Placeholder)
		}
		if b.Placeholder != "" && strings.Contains(k.Key, mark) {
			told++
		}
	}
	if told != strings.Count(k.Key, "${") || told == len(k.Bindings) {
		d.fail("the bindings do not tell %q and its value", k.Key)
	}
	d.op.Keys = append(d.op.Keys, k)
}

// knownKey checks that the service of an action that the operation needs has a key.
func (d *sdkDecoder) knownKey(name string) {
	if len(d.op.Needs) == 0 {
		d.implied()
	}
	for _, need := range d.op.Needs {
		_, s := d.action(need.Action)
		if s == nil {
			return
		}
		if k, ok := s.Key(name); ok && k.Name == name {
			return
		}
	}
	d.fail("%q is no condition key of what %s needs", name, d.op.Name)
}

// typeHere looks up a resource type of the service that the operation is of.
func (d *sdkDecoder) typeHere(name string) *ResourceType {
	s, err := d.catalog.Service(d.service.Prefix)
	if err != nil {
		d.fail("%v", err)
		return nil
	}
	t, ok := s.ResourceType(name)
	if !ok || t.Name != name {
		d.fail("%q is no resource type of %s", name, s.Prefix)
		return nil
	}
	return t
}

func (d *sdkDecoder) certainty(text string) Certainty {
	c := Certainty(text)
	if !c.valid() {
		d.fail("%q is no certainty", text)
	}
	return c
}

// bindings reads "Member", "Placeholder=Member|default" and "Member~shape", with
// "!" before what the operation cannot do without.
func (d *sdkDecoder) bindings(text string) []Binding {
	var list []Binding
	for _, part := range d.names(text) {
		var b Binding
		part, b.Required = strings.CutPrefix(part, "!")
		member, shape, shaped := strings.Cut(part, "~")
		if shaped {
			b.Shape = shape
		} else if placeholder, rest, ok := strings.Cut(part, "="); ok {
			b.Placeholder = placeholder
			member = rest
		}
		member, b.Default, _ = strings.Cut(member, "|")
		if member != "" || b.Default == "" {
			b.Member = d.path(member)
		}
		list = append(list, b)
	}
	return list
}

// path checks the path of a member, with the view behind it.
func (d *sdkDecoder) path(text string) string {
	members, view, viewed := strings.Cut(text, "#")
	if viewed && !slices.Contains(Views, view) && !isFilter(view) {
		d.fail("%q is no view", view)
		return ""
	}
	for step := range strings.SplitSeq(members, ".") {
		name := step
		for _, mark := range []string{"[]", "{}", "{key}"} {
			name = strings.TrimSuffix(name, mark)
		}
		if name == "" || name[0] < 'A' || name[0] > 'Z' || strings.ContainsAny(name, "[]{}=~|: ") {
			d.fail("%q is no path of members", text)
			return ""
		}
	}
	return text
}
