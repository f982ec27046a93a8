package catalog

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/pattern"
)

// maxName is longer than any name in the catalogue, in bytes. Longer names are
// unknown without a look.
const maxName = 128

// Services returns the prefixes of all IAM services, sorted.
func (c *Catalog) Services() ([]string, error) { return c.list(0, "iam") }

func (c *Catalog) list(which int, dir string) ([]string, error) {
	return c.names[which].get("", func() ([]string, error) {
		entries, err := fs.ReadDir(c.data, dir)
		if err != nil {
			return nil, err
		}
		names := make([]string, len(entries))
		for i, e := range entries {
			names[i] = strings.TrimSuffix(e.Name(), ".txt")
		}
		return names, nil
	})
}

// Service returns the IAM service with a prefix, such as "ecs", without regard
// to case. The error is an [UnknownError] or says that the data is damaged.
func (c *Catalog) Service(prefix string) (*Service, error) {
	name := strings.ToLower(prefix)
	if !isName(name) || !c.has("iam/"+name+".txt") {
		names, err := c.Services()
		if err != nil {
			return nil, err
		}
		return nil, &UnknownError{"service", prefix, nearest(name, names)}
	}
	return c.services.get(name, func() (*Service, error) {
		r, err := open(c.data, "iam/"+name+".txt")
		if err != nil {
			return nil, err
		}
		return decodeService(name, r)
	})
}

// Outline returns a service without its Actions, which is read several times
// faster and not kept: for questions about the keys and resource types of all
// services. The prefix is one of [Catalog.Services].
func (c *Catalog) Outline(prefix string) (*Service, error) {
	if !isName(prefix) || !c.has("iam/"+prefix+".txt") {
		return nil, &UnknownError{Kind: "service", Name: prefix}
	}
	r, err := open(c.data, "iam/"+prefix+".txt")
	if err != nil {
		return nil, err
	}
	r.rest, _, _ = strings.Cut(r.rest, "\naction\t") // they come last
	return decodeService(prefix, r)
}

// isName reports whether a name can be part of the name of a file.
func isName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func (c *Catalog) has(file string) bool {
	_, err := fs.Stat(c.data, file)
	return !errors.Is(err, fs.ErrNotExist)
}

// Action returns an action by its full name, such as "ecs:RunTask", without
// regard to case. The error is an [UnknownError] or says that the data is
// damaged.
func (c *Catalog) Action(name string) (*Action, error) {
	prefix, action, ok := strings.Cut(name, ":")
	if !ok {
		return nil, &UnknownError{Kind: "action", Name: name}
	}
	s, err := c.Service(prefix)
	if err != nil {
		return nil, err
	}
	if a, ok := s.Action(action); ok {
		return a, nil
	}
	names := make([]string, len(s.Actions))
	for i, a := range s.Actions {
		names[i] = a.Name
	}
	close := nearest(action, names)
	for i := range close {
		close[i] = s.Prefix + ":" + close[i]
	}
	return nil, &UnknownError{"action", name, close}
}

// Expand returns the actions that a pattern of the Action element matches,
// such as "ecs:Describe*" or "*", by service and name. Case does not matter.
func (c *Catalog) Expand(actions string) ([]*Action, error) {
	prefix, name, ok := strings.Cut(actions, ":")
	if !ok {
		if strings.Trim(actions, "*") != "" || actions == "" {
			return nil, nil
		}
		prefix, name = "*", "*"
	}
	if literals(prefix) > maxName || literals(name) > maxName {
		return nil, nil
	}
	prefixes, err := c.Services()
	if err != nil {
		return nil, err
	}
	var found []*Action
	services, names := fold.Compile(pattern.Wild(prefix)), fold.Compile(pattern.Wild(name))
	for _, p := range prefixes {
		if !services.Match(p) {
			continue
		}
		s, err := c.Service(p)
		if err != nil {
			return nil, err
		}
		for _, a := range s.Actions {
			if names.Match(a.Name) {
				found = append(found, a)
			}
		}
	}
	return found, nil
}

// nearest returns up to three names that a mistyped one may stand for.
func nearest(name string, names []string) []string { return new(near.Finder).Names(name, names, 3) }

var fold = pattern.Dialect{Fold: true}

// literals counts the characters that a pattern needs at least.
func literals(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }

// GlobalKeys returns the condition keys that do not belong to one service,
// most of which begin with "aws:", sorted by name.
func (c *Catalog) GlobalKeys() ([]Key, error) {
	return c.global.get("", func() ([]Key, error) {
		r, err := open(c.data, "global.txt")
		if err != nil {
			return nil, err
		}
		return decodeGlobal(r)
	})
}

// Key returns a condition key by its full name, such as "ecs:cluster" or
// "aws:RequestTag/team", without regard to case: of its service, or global.
func (c *Catalog) Key(name string) (Key, error) {
	global, err := c.GlobalKeys()
	if err != nil {
		return Key{}, err
	}
	if k, ok := findKey(global, name); ok {
		return k, nil
	}
	prefix, _, _ := strings.Cut(name, ":")
	s, err := c.Service(prefix)
	if errors.Is(err, ErrUnknown) {
		return Key{}, &UnknownError{Kind: "condition key", Name: name}
	} else if err != nil {
		return Key{}, err
	}
	if k, ok := s.Key(name); ok {
		return k, nil
	}
	names := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		names[i] = k.Name
	}
	return Key{}, &UnknownError{"condition key", name, nearest(name, names)}
}

// A Source is a package that facts were read from.
type Source struct {
	Name    string // with the version: "aws-sdk 2.1693.0"
	Licence string // SPDX identifier
}

// Sources returns the packages that the facts were read from, sorted by name.
func (c *Catalog) Sources() ([]Source, error) {
	r, err := open(c.data, "sources.txt")
	if err != nil {
		return nil, err
	}
	var list []Source
	previous := ""
	for f := r.next(); f != nil && r.err == nil; f = r.next() {
		f = r.need(f, 3, 3)
		if f[0] != "source" {
			r.fail("%q is no kind of line", f[0])
		}
		r.after(previous, f[1])
		previous = f[1]
		list = append(list, Source{Name: f[1], Licence: f[2]})
	}
	return list, r.err
}
