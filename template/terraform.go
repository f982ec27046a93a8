package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// terraform is one reading of a plan or of a module with those that it calls.
type terraform struct {
	*session
	main        *source.File
	files       map[*source.File]*stack // one for each file, to report about it
	resources   map[string]*tfResource  // those that were evaluated or looked up, by address
	attachments []tfAttachment
	members     []tfMembership
	choices     map[string]string // hole of a choice of two texts: condition
	opened      map[string]*source.File
	templates   map[*source.File]hclsyntax.Expression
	modules     int  // that were called
	broken      bool // something in what is being read could not be read
	depth       int  // how deeply values refer to each other
	defaults    defaultsUsed
}

// tfResource is an instance of a resource or of a data source.
type tfResource struct {
	address  string // with modules and instance keys
	kind     string
	data     bool
	file     *source.File
	span     source.Span
	nameSpan source.Span
	when     When
	several  bool // it stands for instances whose number is not known
	// attr returns an attribute that the configuration sets or the plan knows.
	attr     func(name string) (tfValue, bool)
	drop     func() // lets go of what can be read again
	provider tfProvider
	texts    map[string]string // attributes made before
	open     map[string]bool
}

// tfProvider is where a provider configuration puts its resources; "" is not
// known.
type tfProvider struct{ name, region, account string }

func newTerraform(file *source.File, format Format, opts Options) *terraform {
	out := &Template{Format: format, File: file}
	t := &terraform{session: newSession(opts, out), main: file, files: map[*source.File]*stack{}, resources: map[string]*tfResource{},
		choices: map[string]string{}, opened: map[string]*source.File{}, templates: map[*source.File]hclsyntax.Expression{}}
	t.reporter(file).setPseudo(opts)
	return t
}

// reporter returns what reports about a file.
func (t *terraform) reporter(file *source.File) *stack {
	s := t.files[file]
	if s == nil {
		s = t.newStack(&document{file: file, opts: t.opts}, "")
		t.files[file] = s
		if file != t.main {
			s.pseudo = t.files[t.main].pseudo
		}
	}
	return s
}

// say adds a finding about a resource; its path is the address.
func (t *terraform) say(code string, severity source.Severity, file *source.File, span source.Span, path, hint, format string, args ...any) {
	s := t.reporter(file)
	message := fmt.Sprintf(format, args...)
	key := report{code, span, message}
	if !s.reported[key] {
		s.reported[key] = true
		s.report(code, severity, span, path, hint, "%s", message)
	}
}

// wrong adds an error; what is being read is not whole.
func (t *terraform) wrong(code string, file *source.File, span source.Span, path, hint, format string, args ...any) {
	t.broken = true
	t.say(code, source.Error, file, span, path, hint, format, args...)
}

// unreadable notes that something cannot be known, which makes what is being
// read incomplete.
func (t *terraform) unreadable(file *source.File, span source.Span, path, hint, why string) {
	t.broken = true
	t.say("TEMPLATE_UNREADABLE", source.Warning, file, span, path, hint, "%s; Writ cannot tell what stands here", why)
}

// whole runs a function and reports whether nothing in it was broken.
func (t *terraform) whole(f func()) bool {
	before := t.broken
	t.broken = false
	f()
	ok := !t.broken
	t.broken = before || t.broken
	return ok
}

// spend counts work. It returns false when the limit of a reading is reached.
func (t *terraform) spend(file *source.File, span source.Span, nodes, bytes int) bool {
	s := t.reporter(file)
	ok := s.spend(span, nodes, bytes)
	t.broken = t.broken || !ok
	return ok
}

// pseudo returns the partition, Region, account or domain of a resource.
func (t *terraform) pseudo(name string, r *tfResource) string {
	if r != nil {
		region := r.provider.region
		if own, set := r.attrText("region"); set {
			region = own
		}
		switch {
		case name == "AWS::Region" && region != "":
			return region
		case name == "AWS::AccountId" && r.provider.account != "":
			return r.provider.account
		}
	}
	return t.files[t.main].pseudoText(name)
}

// attrText returns an attribute that is set and is a text.
func (r *tfResource) attrText(name string) (string, bool) {
	v, set := r.attr(name)
	if !set || v.kind != jsontree.String && v.kind != jsontree.Number && v.kind != jsontree.Bool {
		return "", false
	}
	return v.text, true
}

// attribute returns an attribute of a resource as a text: as it is set, as the
// table says, or a hole with its name.
func (t *terraform) attribute(r *tfResource, name string) string {
	if text, known := r.texts[name]; known {
		return text
	}
	if r.texts == nil {
		r.texts, r.open = map[string]string{}, map[string]bool{}
	}
	unknown := Hole{Name: r.address + "." + name, Why: name + " of " + r.kind, plain: true}
	if r.open[name] || t.depth >= maxChain {
		return t.hole(unknown)
	}
	r.open[name] = true
	t.depth++
	text, ok := r.attrText(name)
	if !ok {
		if text, ok = t.format(r, name); !ok {
			unknown.plain = false
			text = t.hole(unknown)
		}
	}
	t.depth--
	r.open[name] = false
	r.texts[name] = text
	return text
}

// place returns where a resource, or a part of it, stands.
func (r *tfResource) place(v *tfValue) Place {
	p := Place{File: r.file, Span: r.span, Pointer: r.address, Name: r.address, Type: r.kind, When: slices.Clone(r.when), Incomplete: r.several}
	if v != nil && v.file != nil {
		p.File, p.Span = v.file, v.span
	}
	return p
}

// value returns an attribute, nil where it is not set or null.
func (r *tfResource) value(name string) *tfValue {
	v, set := r.attr(name)
	if !set || !v.exists() {
		return nil
	}
	if v.file == nil {
		v.file, v.span = r.file, r.nameSpan
	}
	return &v
}

// textOf returns the text of a value; what cannot stand in a text is a hole.
func (t *terraform) textOf(r *tfResource, v *tfValue, name string) string {
	switch {
	case v == nil:
		return ""
	case v.kind == jsontree.String, v.kind == jsontree.Number, v.kind == jsontree.Bool:
		return v.text
	}
	return t.hole(Hole{Name: r.address + "." + name, Why: name + " of " + r.kind})
}

// optional returns the text of an attribute, "" where it is not set.
func (t *terraform) optional(r *tfResource, name string) string {
	return t.textOf(r, r.value(name), name)
}

// elements returns the items of an attribute that is a list, or of one that is a
// single value. What is not known of it is reported.
func (t *terraform) elements(r *tfResource, v *tfValue, name string) []tfValue {
	if v == nil {
		return nil
	}
	if unknown, is := v.unknown(); is && t.out.Holes[unknown].list {
		t.unreadable(v.file, v.span, r.address, "", "the list "+unknown+" is not known")
		return nil
	}
	if v.kind != jsontree.Array {
		return []tfValue{*v}
	}
	if v.rest != "" {
		t.unreadable(v.file, v.span, r.address, "", "what else stands in "+name+", "+v.rest+", is not known")
	}
	return v.items
}

// references reads an attribute that is a name or a list of names.
func (t *terraform) references(r *tfResource, name, kind string) []Reference {
	return t.referencesAt(r, []string{name}, kind)
}

// referencesAt reads such an attribute at the end of a path of blocks.
func (t *terraform) referencesAt(r *tfResource, path []string, kind string) []Reference {
	var out []Reference
	name := strings.Join(path, ".")
	for _, v := range t.reach(r, path) {
		for _, item := range t.elements(r, &v, name) {
			if !item.exists() {
				continue
			}
			span := item.place(r.file, v.place(r.file, r.nameSpan))
			out = append(out, Reference{Text: t.textOf(r, &item, name), Kind: kind, Span: span, When: slices.Concat(r.when, v.when, item.when)})
		}
	}
	return out
}

// reference reads an attribute that is one name.
func (t *terraform) reference(r *tfResource, name string) Reference {
	v := r.value(name)
	if v == nil {
		return Reference{}
	}
	return Reference{Text: t.textOf(r, v, name), Span: v.place(r.file, r.nameSpan), When: slices.Clone(r.when)}
}

// finish joins what was read.
func (t *terraform) finish() (*Template, source.List) {
	t.link()
	t.linkTerraform()
	t.out.terraform = t
	var list source.List
	for _, s := range t.stacks {
		list = append(list, s.findings.List()...)
	}
	return t.out, list.Sorted()
}

// checkParameters reports values that cannot be read and those for variables
// that the module does not have.
func (t *terraform) checkParameters(variables []string) bool {
	s := t.files[t.main]
	for _, name := range slices.Sorted(maps.Keys(t.opts.Parameters)) {
		if hole.Reserved(t.opts.Parameters[name]) >= 0 {
			s.findings.Addf(source.Finding{Code: "RESERVED_CHARACTER", Severity: source.Error}, "the value of variable %s holds a character that cannot be read", near.Quote(name))
			return false
		}
		if !slices.Contains(variables, name) {
			s.findings.Addf(source.Finding{Code: "UNKNOWN_PARAMETER", Severity: source.Warning, Hint: s.near.Hint(name, variables)},
				"the module has no variable %s", near.Quote(name))
		}
	}
	return true
}
