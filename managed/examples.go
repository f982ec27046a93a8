package managed

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/policy"
)

// Example is a policy that the developer guide gives as an example.
type Example struct {
	Name   string // "ecs/run-tasks"
	Topic  string // heading in the guide: "Run Tasks"
	Allows string // in words: "to run any revision of ..."
	Source Source
	Why    []string // how the corrected form differs, and why

	raw, now []string // statements
}

// Form is how an example is written.
type Form uint8

const (
	Corrected  Form = iota // as it should read today, filled in
	Documented             // as printed, filled in
	Raw                    // as printed, with its placeholders
)

// Parameter is something that an example leaves open.
type Parameter struct {
	Name   string // "cluster"
	Format string // in words
	Star   bool   // * stands for all of them
	Any    bool   // it need not be given: * is taken then

	printed string // the placeholder in the guide
	valid   func(string) bool
}

// Check returns a ParameterError for a value that the parameter cannot have; ""
// is none.
func (p Parameter) Check(value string) error {
	if value == "" || value == "*" && p.Star || p.valid(value) {
		return nil
	}
	return &ParameterError{Parameter: p, Value: value}
}

// Parameters returns what examples can leave open, as a new slice.
func Parameters() []Parameter {
	return []Parameter{
		{"region", "the name of a Region, such as eu-west-1", false, false, "<region>", arn.ValidRegion},
		{"account", "12 digits", false, false, "<aws_account_id>", arn.ValidAccount},
		{"cluster", "a name of up to 255 letters, digits, - and _, or * for all clusters", true, false, "<cluster_name>", validECSName},
		{"family", "a name of up to 255 letters, digits, - and _, or * for all families", true, true, "<task_family>", validECSName},
		{"instance", "an id of 32 hexadecimal digits (of old a UUID), or * for all instances", true, true, "<container_instance_UUID>", validECSID},
		{"task", "an id of 32 hexadecimal digits (of old a UUID), or * for all tasks", true, true, "<task_UUID>", validECSID},
	}
}

// validECSName reports whether ECS takes a name for a cluster or a family.
// Source: ECS API reference, CreateCluster, RegisterTaskDefinition.
func validECSName(s string) bool {
	return s != "" && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func validECSID(s string) bool {
	hex := strings.ReplaceAll(s, "-", "")
	return len(hex) == 32 && strings.Trim(hex, "0123456789abcdef") == "" && (len(s) == 32 || isUUID(s))
}

// isUUID tells ids of old, which stand in ARNs without their cluster.
func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}

// A ParameterError says that a parameter is missing or cannot be meant.
type ParameterError struct {
	Parameter Parameter
	Value     string      // "" when it is missing
	Also      []Parameter // that are missing besides
}

func (e *ParameterError) Error() string {
	if e.Value == "" {
		text := fmt.Sprintf("the example needs %s: %s", e.Parameter.Name, e.Parameter.Format)
		for _, p := range e.Also {
			text += fmt.Sprintf("; and %s: %s", p.Name, p.Format)
		}
		return text
	}
	return fmt.Sprintf("%s %s is not %s", e.Parameter.Name, near.Quote(e.Value), e.Parameter.Format)
}

// Examples returns the examples, in the order of the guide. The caller must
// not change the slice.
func Examples() []*Example { return examples() }

var examples = sync.OnceValue(func() []*Example {
	list, err := decodeExamples(newReader("examples.txt"))
	if err != nil {
		panic(err) // a file that is part of the program, which the tests read
	}
	return list
})

// decodeExamples reads examples.txt. The lines are
//
//	source   date, title
//	example  name, topic, what it allows
//	raw      a statement as printed
//	now      a statement of the corrected form, with {partition} and the names
//	         of parameters in braces; {instance-path} and {task-path} are what
//	         follows the type in an ARN
//	why      how the corrected form differs
func decodeExamples(r *reader) ([]*Example, error) {
	var list []*Example
	var source Source
	for f := r.next(); f != nil; f = r.next() {
		if f[0] == "source" {
			v := r.need(f, 2, 2)
			source = Source{Date: v[0], Title: v[1]}
			continue
		}
		if f[0] == "example" {
			v := r.need(f, 3, 3)
			list = append(list, &Example{Name: v[0], Topic: v[1], Allows: v[2], Source: source})
			continue
		}
		if len(list) == 0 {
			r.fail("%q stands before the first example", f[0])
			break
		}
		list[len(list)-1].add(r, f[0], r.need(f, 1, 1)[0])
	}
	return list, r.err
}

func (x *Example) add(r *reader, kind, text string) {
	switch kind {
	case "raw":
		x.raw = append(x.raw, text)
	case "now":
		x.now = append(x.now, text)
	case "why":
		x.Why = append(x.Why, text)
	default:
		r.fail("%q is no kind of line", kind)
	}
}

// FindExample returns the example of a name, with or without "ecs/". The error
// is an UnknownError.
func FindExample(name string) (*Example, error) {
	var known []string
	for _, x := range Examples() {
		known = append(known, x.Name)
		if strings.EqualFold(name, x.Name) || strings.EqualFold("ecs/"+name, x.Name) {
			return x, nil
		}
	}
	wanted := name
	if !strings.Contains(name, "/") {
		wanted = "ecs/" + name
	}
	err := unknown("example", name, wanted, known)
	err.Known = known
	return nil, err
}

// Needs returns the parameters that a form of the example leaves open.
func (x *Example) Needs(form Form) []Parameter {
	text := strings.Join(x.raw, "")
	if form == Corrected {
		text = strings.Join(x.now, "")
	}
	return slices.DeleteFunc(Parameters(), func(p Parameter) bool {
		if form != Corrected {
			return form == Raw || !strings.Contains(text, p.printed)
		}
		if (p.Name == "cluster") && (strings.Contains(text, "{instance-path}") || strings.Contains(text, "{task-path}")) {
			return false
		}
		return !strings.Contains(text, "{"+p.Name+"}") && !strings.Contains(text, "{"+p.Name+"-path}")
	})
}

// Policy returns a form of the example, filled in with values by the names of
// parameters. What need not be given becomes *, and a value that the form does
// not need is passed over, once it is valid. The error is a ParameterError.
func (x *Example) Policy(form Form, values map[string]string) (*policy.Document, error) {
	for _, p := range Parameters() {
		if err := p.Check(values[p.Name]); err != nil {
			return nil, err
		}
	}
	var pairs []string
	var missing []Parameter
	for _, p := range x.Needs(form) {
		v := values[p.Name]
		if v == "" && p.Any {
			v = "*"
		}
		if v == "" {
			missing = append(missing, p)
		}
		pairs = append(pairs, p.printed, v, "{"+p.Name+"}", v)
		if path := values["cluster"] + "/" + v; isUUID(v) {
			pairs = append(pairs, "{"+p.Name+"-path}", v)
		} else {
			pairs = append(pairs, "{"+p.Name+"-path}", path)
		}
	}
	if len(missing) > 0 {
		return nil, &ParameterError{Parameter: missing[0], Also: missing[1:]}
	}
	statements := x.raw
	if form == Corrected {
		statements = x.now
		pairs = append(pairs, "{partition}", Place{Region: values["region"]}.InPartition())
	}
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	doc, findings := policy.ParseString(x.Name, strings.NewReplacer(pairs...).Replace(text))
	if findings.HasErrors() {
		return nil, fmt.Errorf("example %s: %v", x.Name, findings)
	}
	return doc, nil
}
