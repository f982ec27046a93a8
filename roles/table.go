package roles

import "strings"

// The facts of this package are rows of type integration (integrations_*.go).
// Nothing else knows a service by name: whoever adds an integration adds rows.

// integration is one thing that the Resource of a Task can name: an optimized
// integration ("ecs:runTask"), or a form of ARN that is called directly.
type integration struct {
	name     string       // what stands after arn:aws:states::: and before the pattern
	patterns patternSet   // the integration patterns that AWS documents
	doubted  patternSet   // documented on one page, denied on another: accepted with a warning
	standard bool         // express workflows do not have it at all
	needs    string       // required parameters, space-separated; "A|B" needs one of them
	params   []param      // how the parameters that name resources are read
	conceals string       // service that is passed roles which the definition does not show
	reveals  string       // the parameters that show those roles when all of them are given
	rules    []rule       // what the call needs
	cautions []caution    // what to tell the user when a condition holds
	source   string       // the page that says so
	worker   *integration // what whoever answers the call needs, where the call itself shows it
}

// param says how the value of one parameter is read.
type param struct {
	path   string // "Cluster", "Overrides.TaskRoleArn", "Entries[].EventBusName"
	as     shape  // nil: any text, captured under the name of the last path element
	absent string // what the service takes when the parameter is not given
	extra  bool   // an optional detail: absent, it captures nothing
	abroad bool   // it is there to name other accounts: one that is not known may be any
}

// A rule is one set of actions that a call needs, and on what.
type rule struct {
	purpose    Purpose
	on         patternSet // zero: every pattern
	style      styleSet   // zero: both
	actions    string     // space-separated
	resource   string     // template, see template.go
	dynamic    string     // console style: the resource when a parameter is not known before run time; "" is "*", "-" is nothing
	bounded    string     // least style: the same where nothing of one is known; "" fills the template with wildcards
	reads      string     // parameters the template and the conditions need, space-separated; "Param/variant" asks for one variant of its shape
	when       string     // conditions on parameters, all of which must hold, see test
	conditions []conditionRule
	service    string // pass-role: the service that receives the role
	guessed    bool   // pass-role: the parameter does not show the role itself
	note       string // what is worth knowing about this grant
	source     string // document and page, when another than the integration's says so
}

// conditionRule becomes a Condition; it is left out when its value cannot be
// known. Values are templates, separated by spaces.
type conditionRule struct {
	operator, key, values string
	style                 styleSet
}

// caution is something to say about a call that no grant can express.
type caution struct {
	when          string
	on            patternSet // zero: every pattern
	code, message string
	hint          string
}

// Pattern is an integration pattern: how a Task waits for what it calls.
type Pattern uint8

const (
	Request  Pattern = iota // request-response: go on when the API answers
	Sync                    // .sync: run a job and wait for it
	Sync2                   // .sync:2: the same, with the output parsed
	Callback                // .waitForTaskToken: wait until the token comes back
)

var patternSuffixes = [...]string{"", ".sync", ".sync:2", ".waitForTaskToken"}
var patternNames = [...]string{"request", "sync", "sync:2", "waitForTaskToken"}

// Suffix is what the pattern adds to the Resource of a Task.
func (p Pattern) Suffix() string { return patternSuffixes[p] }

// String is the name of the pattern in "why" entries.
func (p Pattern) String() string { return patternNames[p] }

type patternSet uint8

const (
	request  patternSet = 1 << Request
	runJob   patternSet = 1 << Sync
	sync2    patternSet = 1 << Sync2
	callback patternSet = 1 << Callback
	job                 = runJob | sync2
)

func (s patternSet) has(p Pattern) bool { return s&(1<<p) != 0 }

// String lists the suffixes of a set for a message.
func (s patternSet) String() string {
	var names []string
	for p := Request; p <= Callback; p++ {
		switch {
		case !s.has(p):
		case p == Request:
			names = append(names, "request-response (no suffix)")
		default:
			names = append(names, p.Suffix())
		}
	}
	return strings.Join(names, ", ")
}

// Style says how much a role grants.
type Style uint8

const (
	Least   Style = iota // only what the definition proves
	Console              // what the templates of the Step Functions console give
)

var styleNames = [...]string{"least", "console"}

func (s Style) String() string { return styleNames[s] }

type styleSet uint8

const (
	least   styleSet = 1 << Least
	console styleSet = 1 << Console
)

func (s styleSet) has(style Style) bool { return s == 0 || s&(1<<style) != 0 }

// Purpose says what a grant is for.
type Purpose string

const (
	Call      Purpose = "call"       // the API that the Task names
	Poll      Purpose = "poll"       // asking whether the job is done
	Listen    Purpose = "listen"     // the managed EventBridge rule that tells when it is
	Cancel    Purpose = "cancel"     // stopping the job when the execution is stopped
	PassRole  Purpose = "pass-role"  // handing a role to the service
	Tag       Purpose = "tag"        // tagging what is created
	Assume    Purpose = "assume"     // working under another account's role
	Dependent Purpose = "dependent"  // what the called service does on the caller's behalf
	ReadItems Purpose = "read-items" // the ItemReader of a distributed map
	Results   Purpose = "results"    // the ResultWriter of a distributed map
	Children  Purpose = "children"   // the child executions of a distributed map
	Trace     Purpose = "trace"      // X-Ray
	Log       Purpose = "log"        // CloudWatch Logs
	Encrypt   Purpose = "encrypt"    // a customer managed key
	Deploy    Purpose = "deploy"     // creating and updating the machine
	Answer    Purpose = "answer"     // answering a callback or an activity
	Nothing   Purpose = "nothing"    // the statement of an empty role
)

// ruleFor is the grant for a managed EventBridge rule.
func ruleFor(name string) rule {
	return rule{
		purpose:  Listen,
		on:       job,
		actions:  "events:PutTargets events:PutRule events:DescribeRule",
		resource: "arn:{partition}:events:{region}:{account}:rule/" + name,
		note:     "managed rule, shared by all state machines of the account",
	}
}

// passes is the grant for a role that a parameter names. Templates that carry
// no iam:PassedToService are given as console: unconditioned.
func passes(parameter, service string) rule {
	return rule{
		purpose:    PassRole,
		actions:    "iam:PassRole",
		resource:   "arn:{partition}:iam::{account}:role/{role}",
		reads:      parameter,
		when:       parameter,
		service:    service,
		conditions: []conditionRule{{operator: "StringEquals", key: "iam:PassedToService", values: service}},
	}
}

// passesBare is passes for pages whose template has no condition on PassRole:
// the least style has one all the same.
func passesBare(parameter, service string) rule {
	r := passes(parameter, service)
	r.conditions[0].style = least
	return r
}

// authorization is where the actions stand that a request needs beyond its own.
const authorization = "Service Authorization Reference, dependent actions"

// tags is the grant for tagging what a call creates.
func tags(parameter, action, resource, reads string) rule {
	return rule{purpose: Tag, style: least, actions: action, resource: resource, reads: reads, when: parameter, source: authorization}
}
