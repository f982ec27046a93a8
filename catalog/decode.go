package catalog

import (
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// maxFile bounds the size of a file of facts, in bytes. The largest has a
// tenth of it.
const maxFile = 8 << 20

// A reader goes through the lines of one file of facts. The first thing that
// is wrong ends it and stays in err.
type reader struct {
	file string
	rest string // lines not read yet, the end line excluded
	line int    // number of the line read last
	err  error

	fields []string // of the line read last
}

// open reads a file, and checks that it is whole: its last line holds the
// number of lines before it and their CRC-32.
func open(data fs.FS, file string) (*reader, error) {
	raw, err := fs.ReadFile(data, file)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxFile {
		return nil, &DataError{file, 0, "is too large"}
	}
	return newReader(file, string(raw))
}

func newReader(file, text string) (*reader, error) {
	damaged := func(reason string) (*reader, error) {
		return nil, &DataError{file, strings.Count(text, "\n"), reason}
	}
	if !strings.HasSuffix(text, "\n") {
		return damaged("is cut short")
	}
	start := strings.LastIndexByte(text[:len(text)-1], '\n') + 1
	body, last := text[:start], text[start:len(text)-1]
	fields := strings.Split(last, "\t")
	if len(fields) != 3 || fields[0] != "end" {
		return damaged("is cut short: the last line is not an end line")
	}
	if fields[1] != strconv.Itoa(strings.Count(body, "\n")) {
		return damaged("has not as many lines as its end line says")
	}
	if fields[2] != fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(body))) {
		return damaged("does not have the sum that its end line says")
	}
	return &reader{file: file, rest: body}, nil
}

// next returns the fields of the next line, the kind of the line first. It
// returns nil at the end and after an error. They are good until the next call.
func (r *reader) next() []string {
	if r.err != nil || r.rest == "" {
		return nil
	}
	line, rest, _ := strings.Cut(r.rest, "\n")
	r.rest = rest
	r.line++
	r.fields = r.fields[:0]
	for more := true; more; {
		var field string
		field, line, more = strings.Cut(line, "\t")
		r.fields = append(r.fields, field)
	}
	return r.fields
}

// fail records what is wrong with the line read last.
func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = &DataError{r.file, r.line, fmt.Sprintf(format, args...)}
	}
}

// need checks how many fields a line has and returns as many as it can have;
// fields that are not written are empty.
func (r *reader) need(fields []string, least, most int) []string {
	if len(fields) < least || len(fields) > most {
		r.fail("%s has %d fields", fields[0], len(fields)-1)
	}
	if len(fields) > 1 && fields[len(fields)-1] == "" {
		r.fail("%s ends with an empty field", fields[0])
	}
	for len(fields) < most {
		fields = append(fields, "")
	}
	return fields
}

// names splits a list of names at spaces.
func (r *reader) names(text string) []string {
	if text == "" {
		return nil
	}
	list := strings.Split(text, " ")
	if slices.Contains(list, "") {
		r.fail("a list of names holds an empty one")
	}
	return list
}

// after checks the order of lines of one kind, which no two share a place in.
func (r *reader) after(previous, name string) {
	if name == "" || previous >= name {
		r.fail("%q is out of order", name)
	}
}

func (r *reader) key(fields []string, previous string) Key {
	f := r.need(fields, 3, 3)
	k := Key{Name: f[1], Type: KeyType(f[2])}
	if !k.Type.valid() {
		r.fail("%q is not a type of condition keys", f[2])
	}
	r.after(previous, k.Name)
	return k
}

func decodeGlobal(r *reader) ([]Key, error) {
	var keys []Key
	previous := ""
	for f := r.next(); f != nil; f = r.next() {
		if f[0] != "key" {
			r.fail("%q is no kind of line", f[0])
			break
		}
		k := r.key(f, previous)
		previous = k.Name
		keys = append(keys, k)
	}
	return keys, r.err
}

// decodeService reads a file of iam/.
func decodeService(prefix string, r *reader) (*Service, error) {
	s := &Service{}
	order, previous := 0, ""
	for f := r.next(); f != nil; f = r.next() {
		place := slices.Index(serviceLines, f[0])
		switch {
		case place < order, place > 0 && s.Prefix == "":
			r.fail("%q is no kind of line, or in the wrong place", f[0])
		case place > order:
			order, previous = place, ""
		}
		if r.err != nil {
			break
		}
		previous = s.add(r, f, previous)
	}
	if r.err == nil && (s.Prefix == "" || s.Prefix != prefix) {
		r.fail("describes the service %q", s.Prefix)
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

// serviceLines are the kinds of lines in a file of a service, in their order.
var serviceLines = []string{"service", "key", "type", "old", "action"}

// add takes in one line, and returns the name by which its kind is sorted.
func (s *Service) add(r *reader, f []string, previous string) string {
	switch f[0] {
	case "service":
		f = r.need(f, 3, 3)
		s.Prefix, s.Name = f[1], f[2]
		r.after(previous, s.Prefix)
	case "key":
		k := r.key(f, previous)
		s.Keys = append(s.Keys, k)
		return k.Name
	case "type":
		f = r.need(f, 3, 4)
		t := &ResourceType{Service: s.Prefix, Name: f[1], Formats: r.names(f[2]), Keys: r.names(f[3])}
		for _, format := range t.Formats {
			r.format(format)
		}
		r.after(previous, t.Name)
		s.Types = append(s.Types, t)
	case "old":
		f = r.need(f, 3, 3)
		t, ok := s.ResourceType(f[1])
		if !ok || t.Name != f[1] {
			r.fail("%q is no resource type of the service", f[1])
			break
		}
		r.after(previous, t.Name)
		t.OldFormats = r.names(f[2])
		for _, format := range t.OldFormats {
			r.format(format)
		}
	case "action":
		a := s.action(r, f)
		r.after(previous, a.Name)
		s.Actions = append(s.Actions, a)
		return a.Name
	}
	return f[1]
}

func (s *Service) action(r *reader, fields []string) *Action {
	f := r.need(fields, 3, 6)
	a := &Action{
		Service:     s.Prefix,
		Name:        f[1],
		AccessLevel: AccessLevel(f[2]),
		Types:       s.typesOfAction(r, f[3]),
		Keys:        r.names(f[4]),
		Dependents:  r.names(f[5]),
	}
	if !a.AccessLevel.valid() {
		r.fail("%q is not an access level", f[2])
	}
	for _, k := range a.Keys {
		s.checkKey(r, k)
	}
	return a
}

// typesOfAction reads "cluster!(ecs:cluster),task": a mark for what is
// required, and the keys of the action on that type.
func (s *Service) typesOfAction(r *reader, text string) []TypeOfAction {
	if text == "" {
		return nil
	}
	parts := strings.Split(text, ",")
	types := make([]TypeOfAction, 0, len(parts))
	for _, part := range parts {
		t := TypeOfAction{Name: part}
		if name, keys, ok := strings.Cut(part, "("); ok {
			keys, ok = strings.CutSuffix(keys, ")")
			if !ok || keys == "" {
				r.fail("the keys of a resource type have no end")
			}
			t.Name, t.Keys = name, r.names(keys)
		}
		t.Name, t.Required = strings.CutSuffix(t.Name, "!")
		if known, ok := s.ResourceType(t.Name); !ok || known.Name != t.Name {
			r.fail("%q is no resource type of the service", t.Name)
		}
		for _, k := range t.Keys {
			s.checkKey(r, k)
		}
		types = append(types, t)
	}
	return types
}

func (s *Service) checkKey(r *reader, name string) {
	_, ok := slices.BinarySearchFunc(s.Keys, name, func(k Key, name string) int {
		return strings.Compare(k.Name, name)
	})
	if !ok {
		r.fail("%q is no condition key of the service", name)
	}
}

// format checks the format of an ARN: six components, closed placeholders.
func (r *reader) format(format string) {
	if !strings.HasPrefix(format, "arn:") || strings.Count(format, ":") < 5 {
		r.fail("%q is no format of ARNs", format)
	}
	for rest := format; ; {
		_, after, ok := strings.Cut(rest, "${")
		if !ok {
			return
		}
		name, next, closed := strings.Cut(after, "}")
		if !closed || name == "" || strings.ContainsAny(name, "${:/ ") {
			r.fail("%q has a placeholder without an end", format)
			return
		}
		rest = next
	}
}
