package catalog

import (
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An SDKService is one service of the AWS SDK, under the name that Step
// Functions has for it in arn:aws:states:::aws-sdk:NAME:OPERATION.
type SDKService struct {
	Name   string // "cloudwatchlogs"
	ID     string // the service ID of the SDK's models: "CloudWatch Logs"
	Prefix string // IAM prefix of most of its actions: "logs"; may be empty

	// Called are names that people write for it and Step Functions does not
	// know, for hints.
	Called []string

	Ops []*Operation
}

// An Operation is one call of the AWS SDK, with what it needs.
//
// Members of its input are written as Step Functions spells them, in
// PascalCase, whatever they are on the wire. A path steps into structures with
// a dot; [] stands for the elements of a list, {} for the values of a map, and
// {key} for its keys: TransactItems[].Put.TableName, RequestItems{key}.
//
// Behind a path may stand # and the name of a view: what the text of the member
// says besides itself, see [Views]. Statement#selected is the table that a
// statement reads.
type Operation struct {
	Service string // name of its SDK service
	Name    string // "RunTask", with a capital

	// Certainty says how its actions are known: [Reviewed] when they stand in
	// a table or were confirmed one by one, [Derived] when the action of the
	// same name exists, [Assumed] when nothing is known but the name.
	Certainty Certainty

	// Needs are the actions; at least one unless Without gives a reason.
	Needs []Need

	// Without is why there are no Needs.
	Without Reason

	// Roles are the members that hand a role to a service, for which
	// iam:PassRole is needed.
	Roles []PassedRole

	// Conceals are roles that the request hands on and does not show, such as
	// those of a task definition.
	Conceals []Concealed

	// Keys are condition keys of the request whose values come from members.
	Keys []KeyBinding

	// Method and Path are the HTTP request, where they decide what is needed
	// (API Gateway); empty otherwise.
	Method, Path string
}

// A Need is one action that an operation needs.
type Need struct {
	Action  string // full name, which the catalogue has: "s3:GetObject"
	Purpose Purpose

	// When holds conditions, all of which must hold for the action to be
	// needed; empty when it always is.
	When []Guard

	// Resources are what it is needed on: all of them, a list being one for
	// each element. A resource whose bindings find nothing given, when another
	// one's do, does not concern the call; a cluster or a workgroup, say.
	// Without any, the action is needed on "*".
	Resources []Resource
}

// Purpose is what an action is needed for.
type Purpose string

// The purposes.
const (
	Call      Purpose = "call"      // the operation itself
	Dependent Purpose = "dependent" // what the service does for the caller on other resources
	Tag       Purpose = "tag"       // tagging what the operation creates
)

// A Guard is a condition on the input of an operation.
type Guard struct {
	Member  string // path
	Pattern string // what its text matches, * standing for anything, without regard to case; "" when it is enough that the member is given
	Absent  bool   // the member is not given, or not of the pattern
}

// A Resource is what an action is needed on.
type Resource struct {
	// Type is the resource type in the service of the action; "*" for
	// whichever of the types of the action the request names; "" when Formats
	// is not that of a type.
	Type string

	// Formats are ARNs with placeholders, see [ResourceType]. What no binding
	// fills is unknown and bounded by the format. Empty for the type "*".
	Formats []string

	// Certainty says how the Bindings are known; [Assumed] means that there
	// are none, because no member is known to name the resource.
	Certainty Certainty

	Bindings []Binding
}

// A Binding says what a member tells of an ARN. Of bindings for the same
// placeholder the first that fits counts. Whatever the binding, a value that
// has one of the formats of the resource is the ARN as a whole.
type Binding struct {
	Member string // path; empty when Default is a constant

	// Placeholder is what the value stands for, such as ClusterName; empty
	// when the value is the ARN as a whole, or has a Shape.
	Placeholder string

	// Shape, if there is one, is the form of the value, with placeholders of
	// the ARN and * for any text: "https://*/${Account}/${QueueName}".
	Shape string

	// Default is what the service takes when the member is not given.
	Default string

	// Required says that the operation cannot do without the member, or
	// without the one at the top in which it lies.
	Required bool
}

// Views are what a text may say besides itself; a text says it or does not.
// Besides them there are filters: "(PATTERN,...)" is the text itself where it
// matches one of the patterns, "!(PATTERN,...)" where it matches none.
var Views = []string{
	"selected",  // the table, or TABLE/index/INDEX, that a PartiQL statement reads
	"inserted",  // the table that it inserts into
	"updated",   // ... updates
	"deleted",   // ... deletes from
	"copied",    // BUCKET/KEY, or an ARN, in the source of a copy
	"version",   // the version in it
	"encoded",   // the text as it stands in the path of a URL
	"prefix",    // the text, and all that begins with it if it ends in a slash
	"unrevised", // the text where it names no revision behind a colon
	"writes",    // the text where it is no SQL statement that only reads
	"lower",     // the text in small letters
	"addressed", // the identities under which mail from an address may be sent
}

// isFilter reports whether a view is a list of patterns.
func isFilter(view string) bool {
	list := strings.TrimPrefix(view, "!")
	return strings.HasPrefix(list, "(") && strings.IndexByte(list, ')') == len(list)-1 && len(list) > 2
}

// Top returns the name of the member at the top of the input in which a path begins.
func Top(path string) string {
	if end := strings.IndexAny(path, ".[{#"); end >= 0 {
		return path[:end]
	}
	return path
}

// A PassedRole is a member that hands a role to a service.
type PassedRole struct {
	Member    string    // holds the name or ARN of the role
	Service   string    // principal that gets it, for iam:PassedToService: "ecs-tasks.amazonaws.com"; "" when not known
	Certainty Certainty // of Service

	// InstanceProfile says that the member names an instance profile, whose
	// role is passed; consoles and templates give both the same name.
	InstanceProfile bool
}

// Concealed are roles in something that a member names.
type Concealed struct {
	Service string   // principal that gets them: "ecs-tasks.amazonaws.com"
	Member  string   // names what holds them: "TaskDefinition"
	Unless  []string // the members that show all such roles when they are given
}

// A KeyBinding is a condition key whose value comes from members. Several of the
// same key add up, as the key holds the values of all of them.
//
// Where the key has a placeholder, as aws:RequestTag/${TagKey}, a binding for it
// tells what stands in its place, and the others the value: of the same element
// of the list, or at the same key of the map.
type KeyBinding struct {
	Key string

	// Type is the resource type, in the service of the operation, of which
	// the value is an ARN; empty when the value is the text of the member.
	Type      string
	Certainty Certainty // of Bindings
	Bindings  []Binding
}

// Certainty is how a fact about an operation is known.
type Certainty string

// The certainties.
const (
	Reviewed Certainty = "reviewed" // it stands in a table with its source, or was confirmed row by row
	Derived  Certainty = "derived"  // a rule found it by names
	Assumed  Certainty = "assumed"  // nothing was found; the widest reading counts
)

func (c Certainty) valid() bool { return c == Reviewed || c == Derived || c == Assumed }

// Reason is why an operation has no actions.
type Reason string

// The reasons.
const (
	// Unsigned: the operation is called without AWS credentials, or needs no
	// permission.
	Unsigned Reason = "unsigned"
	// OwnCredentials: it is called with tokens of the service's own.
	OwnCredentials Reason = "own-credentials"
	// Newer: the SDK has it, the IAM reference has not yet. AWS will most
	// likely check the action of the same name.
	Newer Reason = "newer"
	// Unlisted: the IAM reference has no action for it.
	Unlisted Reason = "unlisted"
	// Retired: the service is gone, or about to be, and so are its actions.
	Retired Reason = "retired"
)

func (r Reason) valid() bool {
	switch r {
	case Unsigned, OwnCredentials, Newer, Unlisted, Retired:
		return true
	}
	return false
}

// SDKServices returns the names of all services of the SDK, sorted.
func (c *Catalog) SDKServices() ([]string, error) { return c.list(1, "sdk") }

// SDKServicesOf returns the names of the services of the SDK most of whose actions
// have an IAM prefix, sorted.
func (c *Catalog) SDKServicesOf(prefix string) ([]string, error) {
	heads, err := c.allHeads()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range heads {
		if s.Prefix == prefix {
			names = append(names, s.Name)
		}
	}
	return names, nil
}

// ServiceBySDKName returns the SDK service that Step Functions calls by that
// name, such as "sfn", without regard to case. The error is an [UnknownError]
// or says that the data is damaged.
func (c *Catalog) ServiceBySDKName(name string) (*SDKService, error) {
	folded := strings.ToLower(name)
	if !isName(folded) || !c.has("sdk/"+folded+".txt") {
		near, err := c.nearestSDK(folded)
		if err != nil {
			return nil, err
		}
		return nil, &UnknownError{"SDK service", name, near}
	}
	return c.sdk.get(folded, func() (*SDKService, error) {
		r, err := open(c.data, "sdk/"+folded+".txt")
		if err != nil {
			return nil, err
		}
		return c.decodeSDK(folded, r)
	})
}

// nearestSDK knows what people call services instead, such as "stepfunctions"
// for sfn, the IAM prefixes ("logs" for cloudwatchlogs), and names of few other
// letters.
func (c *Catalog) nearestSDK(name string) ([]string, error) {
	heads, err := c.allHeads()
	if err != nil {
		return nil, err
	}
	var names, called, found []string
	for _, s := range heads {
		names = append(names, s.Name)
		switch {
		case slices.Contains(s.Called, name):
			called = append(called, s.Name)
		case s.Prefix == name:
			found = append(found, s.Name)
		}
	}
	if found = append(called, found...); len(found) > 0 {
		return found[:min(3, len(found))], nil
	}
	return nearest(name, names), nil
}

// allHeads returns all services of the SDK without their operations.
func (c *Catalog) allHeads() ([]*SDKService, error) {
	return c.heads.get("", func() ([]*SDKService, error) {
		names, err := c.SDKServices()
		if err != nil {
			return nil, err
		}
		heads := make([]*SDKService, len(names))
		for i, n := range names {
			if heads[i], err = c.head(n); err != nil {
				return nil, err
			}
		}
		return heads, nil
	})
}

// head reads no more than the first line of a file of the SDK.
func (c *Catalog) head(name string) (*SDKService, error) {
	file := "sdk/" + name + ".txt"
	f, err := c.data.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	start := make([]byte, 512)
	n, err := f.Read(start)
	if err != nil && err != io.EOF {
		return nil, err
	}
	r := &reader{file: file, rest: string(start[:n])}
	return decodeHead(name, r), r.err
}

// Operation returns an operation of an SDK service, such as "sfn" and
// "startExecution", without regard to case. The error is an [UnknownError] or
// says that the data is damaged.
func (c *Catalog) Operation(service, operation string) (*Operation, error) {
	s, err := c.ServiceBySDKName(service)
	if err != nil {
		return nil, err
	}
	if op, ok := s.Operation(operation); ok {
		return op, nil
	}
	names := make([]string, len(s.Ops))
	for i, op := range s.Ops {
		names[i] = op.Name
	}
	close := nearest(operation, names)
	for i, n := range close {
		close[i] = camel(n)
	}
	return nil, &UnknownError{"operation", service + ":" + operation, close}
}

// Operation returns the operation of that name, without regard to case.
func (s *SDKService) Operation(name string) (*Operation, bool) {
	return find(s.Ops, pascal(name), func(op *Operation) string { return op.Name })
}

// SameName returns the action of the operation's own name, which it may need
// when the catalogue knows nothing better; it may not exist.
func (s *SDKService) SameName(op *Operation) string { return s.Prefix + ":" + op.Name }

func pascal(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// camel is how Step Functions spells an operation: startExecution.
func camel(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}
