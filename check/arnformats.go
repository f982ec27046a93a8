package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/pattern"
)

// format is an ARN as a resource type has it.
type format struct {
	typ     string // resource type
	owner   string // prefix of the service that has the type
	service string // in the ARN
	region  string // "" for none; a placeholder or a fixed text
	account string
	text    string // of the whole ARN, with placeholders
	last    shape  // the part after the fifth colon
	folded  shape  // the same in small letters
	old     bool
	parent  bool // another format of the service is this one, a slash and more; see holds
	public  bool // AWS has such resources of its own, in no account
}

// shape is a text with placeholders, as a pattern.
type shape struct {
	text       string
	head, tail string // what stands before the first placeholder, and behind the last
	open       bool   // there are placeholders
	single     bool   // there is one
	compiled   *pattern.Pattern
}

// placeholder is how shapes write one: it stands for one character or more.
const placeholder = "?*"

func newShape(text string) shape {
	first := strings.Index(text, placeholder)
	if first < 0 {
		return shape{text: text, head: text, tail: text}
	}
	last := strings.LastIndex(text, placeholder)
	return shape{text: text, head: text[:first], tail: text[last+len(placeholder):], open: true, single: first == last}
}

// lastPart is what stands after the fifth colon of an ARN. It may have wildcards
// and variables.
type lastPart struct {
	text  string
	plain string // what stands before the first of them
	runs  bool   // a * or a variable takes any text from there on
}

func newLastPart(text string) lastPart {
	first := strings.IndexAny(text, "*?$")
	if first < 0 {
		return lastPart{text: text, plain: text}
	}
	rest := text[first:]
	runs := !strings.Contains(rest, "?") && (rest[0] == '*' || strings.Contains(rest, "${") && strings.ContainsAny(rest, "*}"))
	return lastPart{text: text, plain: text[:first], runs: runs}
}

// overlaps reports whether an ARN with this last part can have the shape.
//
// A placeholder takes any text, and so does a *. Where there are both, only what
// stands before the first and behind the last of them has to agree.
func (s *shape) overlaps(last *lastPart, w *work) bool {
	if s.open && last.runs {
		end := strings.LastIndexAny(last.text, "*}")
		return sameStart(last.plain, s.head) && sameEnd(last.text[end+1:], s.tail)
	}
	if w.spent() {
		return true
	}
	if !sameStart(last.plain, s.head) {
		w.left--
		return false
	}
	if s.single && len(last.plain) == len(last.text) {
		w.left--
		return len(last.text) > len(s.head)+len(s.tail) && strings.HasPrefix(last.text, s.head) && strings.HasSuffix(last.text, s.tail)
	}
	if s.compiled == nil {
		s.compiled = glob(s.text)
	}
	return w.overlaps(s.compiled, last.text)
}

// sameStart reports whether one of two texts begins with the other.
func sameStart(a, b string) bool {
	n := min(len(a), len(b))
	return a[:n] == b[:n]
}

// sameEnd reports whether one of two texts ends with the other.
func sameEnd(a, b string) bool {
	n := min(len(a), len(b))
	return a[len(a)-n:] == b[len(b)-n:]
}

// holds rules out a text with more slashes than a format has whose last
// placeholder another format of the service continues behind a slash: what has a
// slash is an object and no bucket.
func (f *format) holds(last string) bool {
	return !f.parent || slashes(last) <= strings.Count(f.last.text, "/")
}

// slashes counts the slashes of a text that do not stand in variables.
func slashes(s string) int {
	n := 0
	for {
		text, rest, ok := strings.Cut(s, "${")
		n += strings.Count(text, "/")
		if !ok {
			return n
		}
		_, s, _ = strings.Cut(rest, "}")
	}
}

// formatsOf returns the formats of ARNs of a service's own resource types.
func (f *facts) formatsOf(service string) []*format {
	list, asked := f.formats[service]
	if !asked {
		if s := f.service(service); s != nil {
			for _, t := range s.Types {
				list = appendFormats(list, s.Prefix, t)
			}
		}
		markParents(list)
		f.formats[service] = list
	}
	return list
}

func appendFormats(list []*format, owner string, t *catalog.ResourceType) []*format {
	public := slices.Contains(publicTypes, owner+":"+t.Name)
	for i, text := range slices.Concat(t.Formats, t.OldFormats) {
		if a, err := arn.Parse(text); err == nil {
			last := placeholders(a.Resource)
			list = append(list, &format{
				typ: t.Name, owner: owner, service: a.Service, region: a.Region, account: a.Account, text: text,
				last: newShape(last), folded: newShape(strings.ToLower(last)), old: i >= len(t.Formats), public: public,
			})
		}
	}
	return list
}

func markParents(list []*format) {
	sorted := make([]string, len(list))
	for i, f := range list {
		sorted[i] = f.last.text
	}
	slices.Sort(sorted)
	for _, f := range list {
		begin := f.last.text + "/"
		at, _ := slices.BinarySearch(sorted, begin)
		f.parent = at < len(sorted) && strings.HasPrefix(sorted[at], begin)
	}
}

// actionless returns the formats of a service's types that the catalogue has with none
// of its actions.
func (f *facts) actionless(service string) []*format {
	list, asked := f.unused[service]
	if !asked {
		if s := f.service(service); s != nil {
			used := make(map[string]bool)
			for _, a := range s.Actions {
				for _, t := range a.Types {
					used[t.Name] = true
				}
			}
			list = slices.DeleteFunc(slices.Clone(f.formatsOf(service)), func(g *format) bool { return used[g.typ] })
		}
		f.unused[service] = list
	}
	return list
}

// borrowed returns formats that name a service and are those of resource types of
// others. It reads the whole catalogue, once, and is asked when nothing else fits.
func (f *facts) borrowed(service string) []*format {
	f.readAll()
	return f.foreignFormats[service]
}

// readAll collects what services have under the names of others.
func (f *facts) readAll() {
	if f.foreignKeys != nil {
		return
	}
	f.foreignKeys, f.foreignFormats = make(map[string]catalog.Key), make(map[string][]*format)
	prefixes, err := f.catalog.Services()
	f.failed(err)
	for _, prefix := range prefixes {
		s, err := f.catalog.Outline(prefix)
		if f.failed(err) {
			return
		}
		for _, k := range s.Keys {
			if owner, _, _ := strings.Cut(k.Name, ":"); owner != prefix {
				f.foreignKeys[keyShape(k.Name)] = k
			}
		}
		for _, t := range s.Types {
			for _, g := range appendFormats(nil, prefix, t) {
				if g.service != prefix {
					f.foreignFormats[g.service] = append(f.foreignFormats[g.service], g)
				}
			}
		}
	}
	for _, u := range unlisted {
		f.foreignFormats[u.service] = appendFormats(f.foreignFormats[u.service], u.service, u.resourceType())
	}
}

// unlisted are resources on which the documentation of a service has an action in
// policies, and the Service Authorization Reference has not.
//
// Sources: AWS SAM developer guide, Managing resource access and permissions (the macros
// that AWS hosts); AWS Step Functions developer guide, Call HTTPS APIs, IAM permissions
// to run an HTTP Task.
var unlisted = []unlistedResource{
	{"cloudformation", "transform", "arn:${Partition}:cloudformation:${Region}:aws:transform/${TransformName}", "cloudformation:CreateChangeSet"},
	{"states", "statemachine", "arn:${Partition}:states:${Region}:${Account}:stateMachine:${StateMachineName}", "states:InvokeHTTPEndpoint"},
}

type unlistedResource struct{ service, name, format, action string }

func (u *unlistedResource) resourceType() *catalog.ResourceType {
	return &catalog.ResourceType{Name: u.name, Formats: []string{u.format}}
}

// publicTypes are resource types of which AWS has some itself. Their ARNs leave
// the account empty.
//
// Source: AWS Systems Manager user guide, Calling AMI and service public
// parameters; IAM user guide, examples of ssm:SendCommand; AWS Security Hub user
// guide, products; Amazon EventBridge user guide, partner event sources.
var publicTypes = []string{
	"ssm:document", "ssm:parameter", "ssm:automation-definition", "ssm:automation-execution", "ssm:patchbaseline", "events:event-source", "securityhub:product",
	"config:config-rule", "rds:cluster-pg", "rds:pg", "elasticache:parametergroup", "cloudformation:stack", "servicecatalog:product",
}

// placeholders turns the text of a format into a pattern: each placeholder
// stands for one character or more.
func placeholders(s string) string { return arn.Fill(s, func(string) string { return "?*" }) }

// isARNService reports whether ARNs can name a service.
func (f *facts) isARNService(name string) bool {
	return f.isService(name) || len(f.borrowed(name)) > 0
}

// isFixed reports whether a text stands as it is in the place of a Region or an
// account in a format of the service: "aws", "global".
func (f *facts) isFixed(service, text string) bool {
	return slices.ContainsFunc(f.formatsOf(service), func(g *format) bool { return g.region == text || g.account == text })
}
