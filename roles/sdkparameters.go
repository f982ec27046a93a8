package roles

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/near"
)

// A slip in the name of a parameter leaves the resource without a name: the role
// comes out wide, and the call fails. So the parameters that name the resources of
// a call of the SDK are held against what is written.

// sdkParameters reports those that the call cannot do without and that are not
// there, and those that are there under another name.
func (g *generator) sdkParameters(c call) {
	if c.args.Kind() != asl.Object {
		return // what comes as a whole is not known
	}
	members := namingMembers(c.operation)
	var strange []string // names that are none of them
	for name := range c.args.Fields() {
		if !slices.ContainsFunc(members, func(m namingMember) bool { return strings.EqualFold(m.name, name) }) {
			strange = append(strange, name)
		}
	}
	for _, m := range members {
		if name, ok := writtenAs(c.args, m.name); ok {
			if first, _ := utf8.DecodeRuneInString(name); unicode.IsLower(first) {
				g.missing(c, []string{m.name}, fmt.Sprintf("did you mean %q? Step Functions takes parameters in PascalCase", m.name))
			}
			continue
		}
		slip := slices.IndexFunc(strange, func(name string) bool { return near.Typo(name, m.name) })
		switch {
		case slip >= 0:
			g.missing(c, []string{m.name}, fmt.Sprintf("did you mean %q by %q?", m.name, strange[slip]))
		case m.required:
			g.missing(c, []string{m.name}, "the call will fail without it")
		}
	}
}

// namingMember is a member at the top of the input that names a resource, or in
// which such a one lies.
type namingMember struct {
	name     string
	required bool
}

func namingMembers(op *catalog.Operation) []namingMember {
	var out []namingMember
	for _, need := range op.Needs {
		if need.Purpose != catalog.Call {
			continue
		}
		for _, r := range need.Resources {
			for _, b := range r.Bindings {
				m := namingMember{catalog.Top(b.Member), b.Required}
				if m.name != "" && !slices.Contains(out, m) {
					out = append(out, m)
				}
			}
		}
	}
	return out
}

// writtenAs returns how the name of a member is written among the arguments.
func writtenAs(args asl.Value, member string) (name string, ok bool) {
	for written := range args.Fields() {
		if written == member {
			return written, true
		}
		if strings.EqualFold(written, member) {
			name, ok = written, true
		}
	}
	return name, ok
}
