package managed

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/policy"
)

//go:embed data
var embedded embed.FS

// Default returns the policies that are part of the program.
func Default() *Catalogue { return standard() }

var standard = sync.OnceValue(func() *Catalogue {
	c, err := decodePolicies(newReader("policies.txt"))
	if err != nil {
		panic(err) // a file that is part of the program, which the tests read
	}
	return c
})

// A DataError says that a file of facts is damaged.
type DataError struct {
	File   string
	Line   int // counted from 1
	Reason string
}

func (e *DataError) Error() string {
	return fmt.Sprintf("facts %s, line %d: %s", e.File, e.Line, e.Reason)
}

// A reader goes through the lines of one file of facts: a kind and fields,
// separated by tabs. Empty lines and those that begin with # are passed over.
// The first thing that is wrong ends it and stays in err.
type reader struct {
	file string
	rest string
	line int
	err  error
}

func newReader(file string) *reader {
	raw, err := fs.ReadFile(embedded, "data/"+file)
	return &reader{file: file, rest: string(raw), err: err}
}

// next returns the fields of the next line, the kind first; nil at the end and
// after an error.
func (r *reader) next() []string {
	for r.err == nil && r.rest != "" {
		line, rest, _ := strings.Cut(r.rest, "\n")
		r.rest = rest
		r.line++
		if line != "" && line[0] != '#' {
			return strings.Split(line, "\t")
		}
	}
	return nil
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = &DataError{r.file, r.line, fmt.Sprintf(format, args...)}
	}
}

// need checks how many fields follow the kind, and returns as many as there can
// be; "-" stands for an empty one.
func (r *reader) need(fields []string, least, most int) []string {
	if n := len(fields) - 1; n < least || n > most {
		r.fail("%s has %d fields", fields[0], n)
	}
	out := make([]string, most)
	for i := range out {
		if i+1 < len(fields) && fields[i+1] != "-" {
			out[i] = fields[i+1]
		}
	}
	return out
}

// decodePolicies reads policies.txt. The lines are
//
//	source     key, date, title
//	policy     name, path, status, created, successor, what it is for
//	feature    name, core or -, what it is                  of the policy above
//	typical    features, what the use is                    of the policy above
//	need       actions, KEY=VALUE or -, features, purpose   of the policy above
//	version    name, date, source, default or -, note
//	add        action, limit                                of the version above
//	remove     action, limit
//	statement  JSON                                         of the version above
func decodePolicies(r *reader) (*Catalogue, error) {
	d := policyDecoder{reader: r, sources: map[string]Source{}}
	for f := r.next(); f != nil; f = r.next() {
		d.line(f)
	}
	d.endVersion()
	slices.SortStableFunc(d.all, byName)
	return &Catalogue{d.all}, r.err
}

// byName is the order of policies in a catalogue.
func byName(a, b *Policy) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Account, b.Account), strings.Compare(a.Partition, b.Partition), strings.Compare(a.Path, b.Path))
}

type policyDecoder struct {
	*reader
	sources map[string]Source
	all     []*Policy
	p       *Policy
	v       *Version
	text    []string // statements of v
}

func (d *policyDecoder) line(fields []string) {
	switch kind := fields[0]; {
	case kind == "source":
		f := d.need(fields, 3, 3)
		d.sources[f[0]] = Source{Date: f[1], Title: f[2]}
	case kind == "policy":
		d.policy(d.need(fields, 6, 6))
	case d.p == nil:
		d.fail("%q stands before the first policy", kind)
	case kind == "feature":
		f := d.need(fields, 3, 3)
		d.p.Features = append(d.p.Features, Feature{f[0], f[1] == "core", f[2]})
	case kind == "typical":
		d.typical(d.need(fields, 2, 2))
	case kind == "need":
		d.purpose(d.need(fields, 4, 4))
	case kind == "version":
		d.version(d.need(fields, 4, 5))
	case d.v == nil:
		d.fail("%q stands before the first version", kind)
	case kind == "add", kind == "remove":
		f := d.need(fields, 1, 2)
		d.v.Changes = append(d.v.Changes, Change{kind == "remove", f[0], f[1]})
	case kind == "statement":
		d.text = append(d.text, d.need(fields, 1, 1)[0])
	default:
		d.fail("%q is no kind of line", kind)
	}
}

func (d *policyDecoder) policy(f []string) {
	d.endVersion()
	d.p = &Policy{Name: f[0], Path: f[1], Account: "aws", Status: Status(f[2]), Created: f[3], Successor: f[4], For: f[5]}
	d.all = append(d.all, d.p)
	if !slices.Contains([]Status{Live, Superseded, Gone, NoPolicy}, d.p.Status) {
		d.fail("%q is no status", f[2])
	}
}

func (d *policyDecoder) typical(f []string) {
	d.p.Typical = TypicalUse{Only: d.features(f[0]), What: f[1]}
}

func (d *policyDecoder) purpose(f []string) {
	n := need{actions: strings.Fields(f[0]), features: d.features(f[2]), purpose: f[3]}
	n.key, n.value, _ = strings.Cut(f[1], "=")
	d.p.needs = append(d.p.needs, n)
}

// features reads the names of features that the policy has.
func (d *policyDecoder) features(text string) []string {
	names := strings.Fields(text)
	for _, name := range names {
		if !slices.ContainsFunc(d.p.Features, func(f Feature) bool { return f.Name == name }) {
			d.fail("%q is no feature of the policy", name)
		}
	}
	return names
}

func (d *policyDecoder) version(f []string) {
	d.endVersion()
	source, ok := d.sources[f[2]]
	if !ok {
		d.fail("%q is no source", f[2])
	}
	d.p.Versions = append(d.p.Versions, Version{ID: f[0], Date: f[1], Source: source, Default: f[3] == "default", Note: f[4]})
	d.v = &d.p.Versions[len(d.p.Versions)-1]
}

// endVersion makes a document of the statements that were read.
func (d *policyDecoder) endVersion() {
	if len(d.text) > 0 {
		text := `{"Version":"2012-10-17","Statement":[` + strings.Join(d.text, ",") + `]}`
		doc, findings := policy.ParseString(d.p.Name+"."+d.v.ID, text)
		if findings.HasErrors() {
			d.fail("a statement of %s cannot be read: %v", d.p.Name, findings)
		}
		d.v.Document = doc
	}
	d.v, d.text = nil, nil
}
