package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/account"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/cases"
	"github.com/writ-iam/writ/denial"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// simulateFlags are the flags of writ simulate as the user wrote them.
type simulateFlags struct {
	identity, groups, session    []string
	scps, rcps                   []string
	boundary, resource, endpoint string
	actions, resources           []string
	context, unknown             []string
	request                      authz.Request
	cases, account, format       string
	why                          bool
	template, role               string
	values                       templateFlags
	place                        roles.Options // of a template's stack

	unreadable bool // not all of the cases could be read
}

func newSimulate(e *env) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Decide whether a request is allowed, and say why",
		Long: `Simulate decides requests against IAM policies of every kind, as AWS does, and
says which statement decided, which one came nearest, and what would change the
answer. Policies come from files, one document each, JSON or YAML.

Exit codes: 0 every request is allowed; 1 one is denied; 2 wrong usage or
unreadable input; 3 one hangs on something that is not known.`,
		Example: `  writ simulate --identity policy.json --principal arn:aws:iam::123456789012:user/alice \
      --action ecs:RunTask --resource 'arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3' \
      --context ecs:cluster=arn:aws:ecs:eu-west-1:123456789012:cluster/web
  writ simulate --account-details account.json --principal arn:aws:iam::123456789012:role/app --action s3:GetObject
  writ simulate --template template.yaml --role AppRole --action s3:GetObject --resource 'arn:aws:s3:::reports/a'
  writ simulate --cases cases.jsonl --format jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(e) },
	}
	f.register(cmd)
	cmd.SetUsageFunc(usage(simulateGroups...))
	return cmd
}

// simulateGroups are the flags of simulate as help has them.
var simulateGroups = []flagGroup{
	{"the request", []string{"principal", "action", "resource", "resource-account", "context", "service-linked-role", "principal-in-management-account",
		"resource-in-management-account"}},
	{"policies", []string{"identity", "group", "boundary", "session", "resource-policy", "scp", "rcp", "endpoint", "account-details"}},
	{"templates", append([]string{"template", "role", "account", "region"}, templateFlagNames...)},
	{"what is not known", []string{"unknown", "unknown-context", "resource-pattern"}},
}

func (f *simulateFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	r := &f.request
	flags.StringVar(&r.Principal, "principal", "", "who asks: an ARN, a service such as ecs-tasks.amazonaws.com, or anonymous")
	commaListVar(flags, &f.actions, "action", "what is asked for, as in ecs:RunTask or ecs:Describe* (repeatable; commas separate several)")
	listVar(flags, &f.resources, "resource", "on what: an ARN, or * for actions that take no resource (repeatable; default: *)")
	f.registerAttached(cmd)
	f.registerShared(cmd)
	flags.StringVar(&f.account, "account-details", "", "output of aws iam get-account-authorization-details, for all policies of the principal")
	flags.StringVar(&f.template, "template", "", "template (CloudFormation, SAM, CDK, Terraform) with the role that asks")
	flags.StringVar(&f.role, "role", "", "template: name of the role in it (default: the only one)")
	f.values.register(cmd)
	flags.StringVar(&f.place.Account, "account", "", "template: account of the stack, 12 digits")
	flags.StringVar(&f.place.Region, "region", "", "template: Region of the stack")
	flags.BoolVar(&r.ServiceLinkedRole, "service-linked-role", false, "the principal is a service-linked role")
	flags.BoolVar(&r.PrincipalInManagementAccount, "principal-in-management-account", false, "the principal's account is its organization's management account")
	flags.BoolVar(&r.ResourceInManagementAccount, "resource-in-management-account", false, "likewise, the account of the resource")
	listVar(flags, &f.unknown, "unknown", "a condition key that may be absent or hold anything (repeatable)")
	flags.BoolVar(&r.UnknownRest, "unknown-context", false, "so may every key that --context does not give")
	flags.BoolVar(&r.ResourcePattern, "resource-pattern", false, "resources are patterns: * and ? in them stand for what is not known")
	flags.StringVar(&f.cases, "cases", "", "file with requests and policies: JSON lines or YAML, as writ test takes them")
	flags.StringVar(&f.format, "format", "text", "output: text, json (a document per request) or jsonl (a line per request)")
	flags.BoolVar(&f.why, "why", false, "show what every statement has to say")
	complete(cmd, "format", "text", "json", "jsonl")
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc("action", completeActions))
	for _, other := range []string{
		"principal", "action", "resource", "resource-account", "context", "identity", "group", "boundary", "session", "resource-policy", "scp", "rcp",
		"endpoint", "account-details", "service-linked-role", "principal-in-management-account", "resource-in-management-account", "unknown",
		"unknown-context", "resource-pattern", "template", "role",
	} {
		cmd.MarkFlagsMutuallyExclusive("cases", other)
	}
}

// registerAttached registers the flags about what is attached to the principal.
func (f *simulateFlags) registerAttached(cmd *cobra.Command) {
	flags := cmd.Flags()
	listVar(flags, &f.identity, "identity", "file with a policy of the user or role (repeatable)")
	listVar(flags, &f.groups, "group", "file with a policy of a group of the user (repeatable)")
	flags.StringVar(&f.boundary, "boundary", "", "file with the permissions boundary")
	listVar(flags, &f.session, "session", "file with a session policy (repeatable)")
}

// registerShared registers the flags about what speaks for no single principal.
func (f *simulateFlags) registerShared(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.request.ResourceAccount, "resource-account", "", "account that owns the resource (default: that in its ARN, else the principal's)")
	listVar(flags, &f.context, "context", "a condition key, as KEY=VALUE[,VALUE...]; values with commas stand in double quotes (repeatable)")
	flags.StringVar(&f.resource, "resource-policy", "", "file with the policy of the resource; of a role, its trust policy; of a KMS key, its key policy")
	listVar(flags, &f.scps, "scp", "files with the service control policies of one level, separated by commas; the organization's root comes first (repeatable)")
	listVar(flags, &f.rcps, "rcp", "likewise, resource control policies")
	flags.StringVar(&f.endpoint, "endpoint", "", "file with the policy of the VPC endpoint that the call goes through")
}

func (f *simulateFlags) run(e *env) error {
	if err := checkFormat(f.format, "text", "json", "jsonl"); err != nil {
		return err
	}
	answers, err := f.answers(e)
	if err != nil {
		return err
	}
	if err := f.write(e, answers); err != nil {
		return err
	}
	if f.unreadable {
		return exit(exitUsage)
	}
	return answersExit(answers)
}

func (f *simulateFlags) write(e *env, answers []answer) error {
	if f.format != "text" {
		return writeAnswersJSON(e.stdout, answers, f.why, f.format == "jsonl")
	}
	p := answerPrinter{w: e.stdout, color: e.terminal && e.getenv("NO_COLOR") == "", all: f.why}
	for i := range answers {
		if i > 0 {
			p.printf("\n")
		}
		p.answer(&answers[i])
	}
	return p.err
}

func (f *simulateFlags) answers(e *env) ([]answer, error) {
	if f.cases != "" {
		return f.answerCases(e)
	}
	if err := f.checkTemplate(); err != nil {
		return nil, err
	}
	if f.request.Principal == "" && f.template == "" || len(f.actions) == 0 {
		return nil, errors.New("--principal and --action are needed, or --cases\nsee 'writ simulate --help'")
	}
	if err := f.readContext(); err != nil {
		return nil, err
	}
	f.request.Unknown = f.unknown
	if len(f.resources) == 0 {
		f.resources = []string{"*"}
	}
	actions, err := expandActions(f.actions)
	if err != nil {
		return nil, fmt.Errorf("--action: %w", err)
	}
	if f.format == "text" {
		warnOfUnknownActions(e, actions)
	}
	s, err := f.situation(e)
	if err != nil {
		return nil, err
	}
	var answers []answer
	for _, q := range f.questions(e, actions) {
		if f.format == "text" && !f.request.ResourcePattern {
			warnOfResource(e, q.action, q.resource)
		}
		r := f.request
		r.Action, r.Resource = q.action, q.resource
		a, err := s.explain(e, r)
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// readContext reads the values of --context.
func (f *simulateFlags) readContext() error {
	for _, c := range f.context {
		key, text, ok := strings.Cut(c, "=")
		if !ok || key == "" {
			return fmt.Errorf("--context %q: write KEY=VALUE[,VALUE...]", c)
		}
		values := []string{""}
		if text != "" {
			r := csv.NewReader(strings.NewReader(text))
			r.LazyQuotes = true
			var err error
			if values, err = r.Read(); err != nil {
				return fmt.Errorf("--context %q: %w", c, err)
			}
			if _, err := r.Read(); err != io.EOF {
				return fmt.Errorf("--context %q: a value with a line break stands in double quotes", c)
			}
		}
		f.request.Context = append(f.request.Context, authz.Entry{Key: key, Values: values})
	}
	return nil
}

// situation is the policies that speak, and what an account adds to them.
type situation struct {
	set     authz.Set
	lenient authz.Set // as set, where missing policies allow everything
	missing []account.Missing
	account *account.Account // nil without --account-details
	context authz.Context    // what the account knows

	serviceLinked bool // the account shows that the principal is a service-linked role

	engine *authz.Engine // of lenient

	template *template.Template // nil without --template
	variants []variant          // for each outcome of its conditions
}

// situation reads all policies.
func (f *simulateFlags) situation(e *env) (*situation, error) {
	var s situation
	if f.template != "" {
		return f.fromTemplate(e)
	}
	if f.account != "" {
		if err := s.fromAccount(e, f.account, f.request.Principal); err != nil {
			return nil, err
		}
	}
	if err := f.readPolicies(e, &s.set); err != nil {
		return nil, err
	}
	if s.set.Boundary != nil { // given, or found: then none is missing
		s.missing = slices.DeleteFunc(s.missing, func(m account.Missing) bool { return m.Kind == authz.Boundary })
	}
	return &s, s.compile(e)
}

// fromAccount finds the policies of a principal in account details.
func (s *situation) fromAccount(e *env, file, principal string) error {
	var err error
	if s.account, err = readAccount(e, file); err != nil {
		return err
	}
	attached, findings := s.account.SetFor(principal)
	printList(e, findings)
	if findings.HasErrors() {
		return exit(exitUsage)
	}
	s.attach(attached)
	return nil
}

// attach takes over what an account says of a principal.
func (s *situation) attach(a account.Attached) {
	s.set, s.missing, s.context, s.serviceLinked = a.Set, a.Missing, a.Context, a.ServiceLinked
}

// readAccount reads account details. Errors about single principals are no
// obstacle to asking about others: SetFor refuses the ones concerned.
func readAccount(e *env, file string) (*account.Account, error) {
	text, err := readInput(e, file)
	if err != nil {
		return nil, err
	}
	a, findings := account.ParseDetails(source.NewFile(inputName(file), text))
	printList(e, findings)
	if a == nil {
		return nil, exit(exitUsage)
	}
	return a, nil
}

func (s *situation) compile(e *env) error {
	s.lenient = (&account.Attached{Set: s.set, Missing: s.missing}).Lenient()
	engine, findings := authz.Compile(s.lenient)
	if engine == nil {
		printList(e, findings.Sorted())
		return exit(exitUsage)
	}
	s.engine = engine
	return nil
}

// explain answers a request. A role of the account brings its trust policy when
// it is to be assumed.
func (s *situation) explain(e *env, r authz.Request) (answer, error) {
	if s.template != nil {
		return s.explainVariants(e, r)
	}
	r.Context = joinContext(r.Context, s.context)
	r.ServiceLinkedRole = r.ServiceLinkedRole || s.serviceLinked
	if s.account != nil && s.set.Resource == nil && denial.AboutTrust(r.Action) {
		if trust := s.account.TrustOf(r.Resource); trust != nil {
			own := *s
			own.set.Resource = trust
			if err := own.compile(e); err != nil {
				return answer{}, err
			}
			s = &own
		}
	}
	a := answer{request: r, set: s.lenient, missing: s.missing, x: s.engine.Explain(r)}
	s.forgetAssumed(&a.x)
	return a, nil
}

// forgetAssumed takes out of an explanation the statements that stand in for
// missing policies.
func (s *situation) forgetAssumed(x *authz.Explanation) {
	assumed := func(r *authz.StatementReport) bool {
		switch r.Kind {
		case authz.Identity:
			return r.Policy >= len(s.set.Identity)
		case authz.Group:
			return r.Policy >= len(s.set.Groups)
		case authz.Boundary:
			return s.set.Boundary == nil
		}
		return false
	}
	kept, nearest := x.Statements[:0], -1
	for i := range x.Statements {
		if assumed(&x.Statements[i]) {
			continue
		}
		if i == x.Nearest {
			nearest = len(kept)
		}
		kept = append(kept, x.Statements[i])
	}
	x.Statements, x.Nearest = kept, nearest
}

// joinContext adds keys that the request does not give.
func joinContext(given, more authz.Context) authz.Context {
	out := slices.Clone(given)
	for _, entry := range more {
		if !slices.ContainsFunc(given, func(g authz.Entry) bool { return strings.EqualFold(g.Key, entry.Key) }) {
			out = append(out, entry)
		}
	}
	return out
}

// readPolicies reads the policy files that flags name into a set.
func (f *simulateFlags) readPolicies(e *env, set *authz.Set) error {
	r := policyReader{env: e}
	set.Identity = append(set.Identity, r.list(f.identity)...)
	set.Groups = append(set.Groups, r.list(f.groups)...)
	set.Session = r.list(f.session)
	if f.boundary != "" {
		set.Boundary = r.one(f.boundary)
	}
	set.Resource = r.one(f.resource)
	set.Endpoint = r.one(f.endpoint)
	set.SCPs, set.RCPs = r.levels(f.scps), r.levels(f.rcps)
	if r.err != nil {
		return r.err
	}
	printList(e, r.findings.Sorted())
	if r.findings.HasErrors() {
		return exit(exitUsage)
	}
	return nil
}

// policyReader reads policy files and gathers what there is to say.
type policyReader struct {
	env      *env
	findings source.List
	err      error
}

func (r *policyReader) one(name string) *authz.Policy {
	if name == "" || r.err != nil {
		return nil
	}
	text, err := readInput(r.env, name)
	if err != nil {
		r.err = err
		return nil
	}
	doc, findings := cases.ParsePolicy(source.NewFile(inputName(name), text))
	r.findings = append(r.findings, findings...)
	return &authz.Policy{Name: inputName(name), Document: doc}
}

func (r *policyReader) list(names []string) []authz.Policy {
	var out []authz.Policy
	for _, name := range names {
		if p := r.one(name); p != nil {
			out = append(out, *p)
		}
	}
	return out
}

// levels reads the levels of control policies. An empty level is one without
// policies, which allows nothing.
func (r *policyReader) levels(flags []string) [][]authz.Policy {
	var out [][]authz.Policy
	for _, flag := range flags {
		names := slices.DeleteFunc(strings.Split(flag, ","), func(s string) bool { return s == "" })
		out = append(out, r.list(names))
	}
	return out
}

// answerCases answers the requests of a file of cases. A case that cannot be
// read has an answer that says so.
func (f *simulateFlags) answerCases(e *env) ([]answer, error) {
	list, findings, err := readCases(e, f.cases)
	if err != nil {
		return nil, err
	}
	printList(e, findings)
	if len(list) == 0 {
		return nil, exit(exitUsage)
	}
	var answers []answer
	for i := range list {
		c := &list[i]
		known := len(c.Findings)
		engine, findings := c.Compile()
		if engine == nil {
			printList(e, c.Findings[known:])
			answers = append(answers, answer{name: c.Name, findings: findings})
			continue
		}
		for j := range c.Cells {
			answers = append(answers, answer{name: c.Name, request: c.Cells[j].Request, set: c.Policies, x: engine.Explain(c.Cells[j].Request)})
		}
	}
	f.unreadable = findings.HasErrors()
	return answers, nil
}
