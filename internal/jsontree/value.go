// Package jsontree reads JSON into a tree that knows where everything stood.
//
// It exists because encoding/json forgets positions and order, keeps the last
// of two equal keys without a word, and is too slow for loading policies by
// the thousand. Readers of other syntaxes (YAML) build the same tree.
package jsontree

import (
	"strconv"
	"strings"

	"github.com/writ-iam/writ/source"
)

// Kind is the JSON type of a value.
type Kind uint8

const (
	Invalid Kind = iota // the zero Value: there is nothing here
	Null
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"nothing", "null", "a boolean", "a number", "a string", "an array", "an object"}

// String returns the kind with its article, ready for a message: "a string".
func (k Kind) String() string { return kindNames[k] }

// Value is one JSON value.
type Value struct {
	Kind    Kind
	Span    source.Span // of the whole value; a string's quotes included
	Text    string      // String: the decoded text; Number, Bool, Null: as written
	Items   []Value     // Array
	Members []Member    // Object, in the order written, equal names included
}

// Member is one name and value of an object.
type Member struct {
	Name     string // decoded
	NameSpan source.Span
	Value    Value
}

// Get returns the value of the last member of that name, and nil where v is no
// object or has no such member.
func (v *Value) Get(name string) *Value {
	if m := v.Member(name); m != nil {
		return &m.Value
	}
	return nil
}

// Member returns the last member of that name, or nil.
func (v *Value) Member(name string) *Member {
	if v == nil {
		return nil
	}
	for i := len(v.Members) - 1; i >= 0; i-- {
		if v.Members[i].Name == name {
			return &v.Members[i]
		}
	}
	return nil
}

// Is reports whether v is there and of that kind.
func (v *Value) Is(k Kind) bool { return v != nil && v.Kind == k }

// Pointer returns the JSON pointer (RFC 6901) of the deepest value under root
// whose span, or whose member's name, holds the target span. Trees carry no
// paths; the few that findings need are looked up here by offset. Pointers are
// of bounded length, see [AppendToken].
func Pointer(root *Value, target source.Span) string {
	pointer := ""
	for v := root; v != nil && !isCut(pointer); {
		v = descend(v, target, &pointer)
	}
	return pointer
}

func descend(v *Value, target source.Span, pointer *string) *Value {
	switch v.Kind {
	case Object:
		i := last(len(v.Members), func(i int) bool { return v.Members[i].NameSpan.Start <= target.Start })
		if i < 0 {
			return nil
		}
		m := &v.Members[i]
		// An alias in YAML has the span of its anchor, which stands before its name.
		end := max(m.NameSpan.End, m.Value.Span.End)
		if whole := (source.Span{Start: m.NameSpan.Start, End: end}); !whole.Contains(target) {
			return nil
		}
		*pointer = AppendToken(*pointer, m.Name)
		if m.NameSpan.Contains(target) || m.Value.Span == target {
			return nil
		}
		return &m.Value
	case Array:
		i := last(len(v.Items), func(i int) bool { return v.Items[i].Span.Start <= target.Start })
		if i < 0 || !v.Items[i].Span.Contains(target) {
			return nil
		}
		*pointer = AppendToken(*pointer, strconv.Itoa(i))
		if v.Items[i].Span == target {
			return nil
		}
		return &v.Items[i]
	}
	return nil
}

// last returns the highest index below n for which ok holds, where ok holds
// for a prefix of the indexes; -1 when there is none.
func last(n int, ok func(int) bool) int {
	low, high := 0, n
	for low < high {
		if mid := (low + high) / 2; ok(mid) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low - 1
}

// maxPointer is the longest pointer, in bytes. A text may hold a name as long
// as itself and many things below it that each need a pointer.
const maxPointer = 1024

// AppendToken returns a JSON pointer extended by the name of a member or the
// index of an item, which it escapes. A pointer of more than 1024 bytes is cut;
// it then ends in an ellipsis, and nothing is appended to it any more.
func AppendToken(pointer, token string) string {
	if isCut(pointer) {
		return pointer
	}
	return source.Clip(pointer+"/"+escapeToken(source.Clip(token, maxPointer)), maxPointer)
}

func isCut(pointer string) bool {
	return len(pointer) >= maxPointer && strings.HasSuffix(pointer, "…")
}

func escapeToken(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
