package template

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
)

//go:embed facts/terraform.txt
var terraformFacts string

// tfFact says what the attributes of a type of resources are; the comment of
// facts/terraform.txt explains the fields.
type tfFact struct {
	same       string            // type of CloudFormation with the same texts
	names      map[string]string // property of CloudFormation: attribute
	attributes map[string]string // formats
	whole      bool              // nothing follows its ARN in policies
}

var terraformTypes = sync.OnceValue(func() map[string]*tfFact {
	types := map[string]*tfFact{}
	var last *tfFact
	for line := range strings.Lines(terraformFacts) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0, strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "\t"):
			last.attributes[fields[0]] = fields[1]
		default:
			last = &tfFact{names: map[string]string{}, attributes: map[string]string{}}
			types[fields[0]] = last
			for _, f := range fields[1:] {
				property, attribute, mapped := strings.Cut(f, "=")
				switch {
				case mapped:
					last.names[property] = attribute
				case f == "whole":
					last.whole = true
				default:
					last.same = f
				}
			}
		}
	}
	return types
})

// format makes an attribute from the table; false where the table does not
// have it.
func (t *terraform) format(r *tfResource, name string) (string, bool) {
	key := r.kind
	if r.data {
		key = "data." + r.kind
	}
	fact := terraformTypes()[key]
	if fact == nil && r.data { // the data source of a resource has its attributes
		fact = terraformTypes()[r.kind]
	}
	if fact == nil {
		return "", false
	}
	format, known := fact.attributes[name]
	if !known {
		return "", false
	}
	if attribute, is := strings.CutPrefix(format, "@"); is {
		same := resourceTypes()[fact.same]
		if same == nil {
			return "", false
		}
		if format = same.attributes[attribute]; attribute == "Ref" {
			format = same.ref
		}
	}
	return t.fill(r, fact, format)
}

// fill puts attributes into a format, as stack.format does with properties.
func (t *terraform) fill(r *tfResource, fact *tfFact, format string) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(format, "${")
		b.WriteString(before)
		if !found {
			return b.String(), b.Len() > 0
		}
		name, after, _ := strings.Cut(rest, "}")
		format = after
		name, option, _ := strings.Cut(name, ":")
		if pseudo, is := places[name]; is {
			b.WriteString(t.pseudo(pseudo, r))
			continue
		}
		value, set := t.part(r, fact, name)
		switch {
		case option == "host":
			value = strings.TrimPrefix(value, "https://")
			if value == "" {
				return "", false
			}
		case option == "slash" && set:
			if before, _, _, is := hole.Next(value); is && before == "" {
				return "", false // it may begin with a slash or not
			}
			value = strings.TrimPrefix(value, "/")
		case strings.HasPrefix(option, "-"):
			if !set {
				value = option[1:]
			}
		case strings.HasPrefix(option, "+"):
			if !set || value == "default" {
				continue
			}
			value += option[1:]
		case !set:
			value = t.hole(Hole{Name: r.address + "." + attributeName(fact, name), Why: attributeName(fact, name) + " of " + r.kind, plain: true})
		}
		if set && strings.HasPrefix(value, "arn:") && b.Len() > 0 {
			if value, set = within(b.String(), value); !set {
				return "", false
			}
		}
		if b.Len()+len(value) > maxText {
			return "", false
		}
		b.WriteString(value)
	}
}

// part returns an attribute that is a part of names. A prefix of a name is
// followed by what the provider makes up.
func (t *terraform) part(r *tfResource, fact *tfFact, property string) (text string, set bool) {
	name := attributeName(fact, property)
	if text, set = r.attrText(name); set && text != "" {
		return text, true
	}
	if prefix, is := r.attrText(name + "_prefix"); is && prefix != "" {
		return prefix + t.hole(Hole{Name: r.address + "." + name, Why: "what follows the prefix of " + name, plain: true}), true
	}
	return "", false
}

// attributeName is the attribute of Terraform for a property of CloudFormation.
func attributeName(fact *tfFact, property string) string {
	if name := fact.names[property]; name != "" {
		return name
	}
	return snakeCase(property)
}

// snakeCase writes a name of CloudFormation as Terraform does: DBClusterName is
// db_cluster_name.
func snakeCase(name string) string {
	var b strings.Builder
	upper := func(i int) bool { return i < len(name) && name[i] >= 'A' && name[i] <= 'Z' }
	for i := range len(name) {
		c := name[i]
		if !upper(i) {
			b.WriteByte(c)
			continue
		}
		if i > 0 && (!upper(i-1) || i+1 < len(name) && !upper(i+1)) && b.Len() > 0 {
			b.WriteByte('_')
		}
		b.WriteByte(c + 'a' - 'A')
	}
	return b.String()
}

// exactly reports whether nothing stands behind the ARN of a resource where a
// policy names it.
func exactly(kind string) bool {
	fact := terraformTypes()[kind]
	return fact != nil && fact.whole
}

// sameType is the type of CloudFormation that a type of Terraform is, where the
// table says it, so that policies of both have the same rules.
func sameType(kind string) string {
	if fact := terraformTypes()[kind]; fact != nil && fact.same != "" {
		return fact.same
	}
	return kind
}

// isTextKind reports whether a value can stand in a text.
func isTextKind(k jsontree.Kind) bool {
	return k == jsontree.String || k == jsontree.Number || k == jsontree.Bool
}
