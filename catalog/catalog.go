// Package catalog knows what AWS has, as far as access is concerned: the IAM
// services with their actions, resource types and condition keys, and the
// operations of the AWS SDK with what each of them needs.
//
// The facts are lines of text in the directory data, written by
// internal/catalogen and part of the program. A service is read when it is
// first asked for; starting a program reads nothing. A file that is damaged or
// cut short is an error, never a wrong answer.
//
// What a Catalog returns is shared and must not be changed by its callers. A
// Catalog may be used by several goroutines at once.
package catalog

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

//go:embed data
var embedded embed.FS

var standard = sync.OnceValue(func() *Catalog {
	data, err := fs.Sub(embedded, "data")
	if err != nil {
		panic(err) // the name of a directory that is part of the program
	}
	return New(data)
})

// Default returns the catalogue that is part of the program.
func Default() *Catalog { return standard() }

// New returns the catalogue whose files are in data; format.md describes them.
func New(data fs.FS) *Catalog { return &Catalog{data: data} }

// A Catalog answers questions about services, actions and operations.
type Catalog struct {
	data     fs.FS
	services cache[*Service]
	sdk      cache[*SDKService]
	global   cache[[]Key]
	names    [2]cache[[]string]   // of services, of SDK services
	heads    cache[[]*SDKService] // without operations
}

// ErrUnknown is what an error is (errors.Is) when the catalogue has no service,
// action, resource type or operation of the name asked for.
var ErrUnknown = errors.New("unknown to the catalogue")

// An UnknownError says what the catalogue does not know. It is an ErrUnknown.
type UnknownError struct {
	Kind    string   // "service", "action", "SDK service" or "operation"
	Name    string   // as asked for
	Nearest []string // names that it may stand for, likeliest first; often none
}

// Error says what is unknown, and the likeliest name.
func (e *UnknownError) Error() string {
	text := fmt.Sprintf("%s %q is unknown to the catalogue", e.Kind, shorten(e.Name))
	if len(e.Nearest) > 0 {
		text += fmt.Sprintf("; did you mean %q?", e.Nearest[0])
	}
	return text
}

// Is makes errors.Is(err, ErrUnknown) true.
func (e *UnknownError) Is(target error) bool { return target == ErrUnknown }

// shorten keeps messages readable when a name is hostile.
func shorten(name string) string {
	const most = 100
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "..."
}

// A DataError says that a file of facts is damaged.
type DataError struct {
	File   string // path in the directory of facts
	Line   int    // counted from 1; 0 when the file as a whole is wrong
	Reason string
}

func (e *DataError) Error() string {
	return fmt.Sprintf("catalogue file %s, line %d: %s", e.File, e.Line, e.Reason)
}

// cache keeps values that are expensive to make, by name. Each is made once.
type cache[V any] struct{ entries sync.Map }

func (c *cache[V]) get(name string, build func() (V, error)) (V, error) {
	once, ok := c.entries.Load(name)
	if !ok {
		once, _ = c.entries.LoadOrStore(name, sync.OnceValues(build))
	}
	return once.(func() (V, error))()
}
