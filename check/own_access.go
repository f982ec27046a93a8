package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// engine decides requests against the document alone, as a policy of its kind. It
// is nil where errors leave nothing that can be said about what the document allows.
func (r *run) engine() *authz.Engine {
	if !r.compiled {
		r.compiled = true
		if r.authz = r.engineFor(r.doc); r.authz == nil {
			doc := r.sound()
			if doc != nil {
				r.authz = r.engineFor(doc)
			}
			r.denyUnknown = r.denyUnknown || doc == nil
		}
	}
	return r.authz
}

func (r *run) engineFor(doc *policy.Document) *authz.Engine {
	if r.open.values != nil {
		doc, _ = fill(doc, "", placeValue)
	}
	p := authz.Policy{Name: "policy", Document: doc}
	var set authz.Set
	if principals.has(r.kind) {
		set.Resource = &p
		if r.kind == Trust { // whoever assumes roles of others allows it to himself
			set.Identity = []authz.Policy{{Name: "stranger", Document: everything()}}
		}
	} else {
		set.Identity = []authz.Policy{p}
	}
	engine, _ := authz.Compile(set)
	return engine
}

// sound returns the document without what is wrong in it, so that an error does not hide
// what the rest allows: statements with errors allow nothing, and deny what they name
// whatever their conditions. It is nil where what a statement denies is not known.
func (r *run) sound() *policy.Document {
	wrong := make(map[int]bool) // by statement; true where it is wrong outside of its conditions
	for _, f := range policy.Validate(r.doc) {
		if f.Severity != source.Error {
			continue
		}
		i := slices.IndexFunc(r.statements, func(s statement) bool { return within(f.Path, s.at.Pointer()) })
		if i < 0 {
			return nil
		}
		condition := place{at: r.statements[i].at, element: policy.ElementCondition}
		wrong[i] = wrong[i] || !within(f.Path, condition.pointer())
	}
	doc := &policy.Document{Version: r.doc.Version, File: r.doc.File, Span: r.doc.Span}
	for i := range r.doc.Statements {
		s := r.doc.Statements[i]
		if elsewhere, bad := wrong[i]; bad {
			switch {
			case s.Effect == policy.Allow:
				continue
			case s.Effect != policy.Deny || elsewhere:
				return nil
			}
			s.Condition, s.Elements = nil, nil
			r.denyUnknown = true
		}
		doc.Statements = append(doc.Statements, s)
	}
	return doc
}

// within reports whether a JSON Pointer is another one, or leads to something inside.
func within(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && (rest == "" || rest[0] == '/')
}

// maxStatements is how many statements a document may have for requests to be
// decided against it, one by one.
const maxStatements = 2000

const (
	someCaller   = "arn:aws:iam::" + someAccount + ":user/example"
	someRegion   = "us-east-1"
	someStranger = "arn:aws:iam::999988887777:user/stranger"
)

// ordinary is the context of a request as anyone can make it. It names resources, where
// requests have keys for them, that no policy means in particular: conditions that leave
// open which one it is hold, and others do not.
//
// Source: Service Authorization Reference, condition keys of Amazon ECS.
func ordinary(extra ...authz.Entry) authz.Context {
	return append(authz.Context{
		{Key: "aws:MultiFactorAuthPresent", Values: []string{"true"}}, {Key: "aws:SecureTransport", Values: []string{"true"}},
		{Key: "aws:RequestedRegion", Values: []string{someRegion}}, {Key: "aws:PrincipalIsAWSService", Values: []string{"false"}},
		{Key: "aws:ViaAWSService", Values: []string{"false"}}, {Key: "s3:authType", Values: []string{"REST-HEADER"}},
		{Key: "ecs:cluster", Values: []string{"arn:aws:ecs:" + someRegion + ":" + someAccount + ":cluster/any-cluster"}},
		{Key: "ecs:task-definition", Values: []string{"arn:aws:ecs:" + someRegion + ":" + someAccount + ":task-definition/any-family:1"}},
	}, extra...)
}

// sample is a resource for a request. It is named where the policy says which it is, and
// not where the policy leaves that open.
type sample struct {
	resource string
	named    bool
}

// allowed returns a resource on which the policy allows an action, one that it does not
// name if there is any, and "" where none was found.
func (r *run) allowed(action, caller string, extra ...authz.Entry) (found sample) {
	engine := r.engine()
	if engine == nil {
		return sample{}
	}
	for _, s := range r.samples(action) {
		if s.named && found.resource != "" {
			continue
		}
		d := engine.Decide(authz.Request{Principal: caller, Action: action, Resource: s.resource, Context: ordinary(extra...)})
		if d.Result != authz.Allowed {
			continue
		}
		if found = s; !s.named {
			break
		}
	}
	return found
}

// samples are resources of the action, filled in from the statements that allow
// it, and from those that deny it on everything but some.
func (r *run) samples(action string) []sample {
	const most = 12
	var formats []*format
	var list []sample
	for i := range r.statements {
		s := &r.statements[i]
		spares := s.denies() && s.resources.not
		if !s.allows() && !spares || len(list) >= most || !s.patterns.Match(action) {
			continue
		}
		if formats == nil {
			a := r.facts.action(action)
			if a == nil {
				return nil
			}
			formats = r.facts.formatsOfAction(a)
		}
		if !spares && (s.resources.not || !s.resources.present) {
			list = append(list, unnamed(formats)...)
		}
		for j := range s.resources.entries {
			if (spares || !s.resources.not) && len(list) < most {
				list = append(list, r.sample(placed(s.resources.entries[j].text), formats)...)
			}
		}
	}
	return list
}

// general fills the placeholders of the first formats, or is "*" for an action
// without resources.
func general(formats []*format) []string {
	var list []string
	for _, f := range formats {
		if !f.old && len(list) < 2 {
			list = append(list, "arn:aws:"+f.service+":"+ifAny(f.region, someRegion)+":"+ifAny(f.account, someAccount)+":"+strings.ReplaceAll(f.last.text, placeholder, "example"))
		}
	}
	if len(formats) == 0 {
		list = []string{"*"}
	}
	return list
}

func unnamed(formats []*format) []sample {
	var list []sample
	for _, resource := range general(formats) {
		list = append(list, sample{resource: resource})
	}
	return list
}

func ifAny(format, value string) string {
	if strings.HasPrefix(format, "$") {
		return value
	}
	return format
}

// sample makes a resource that an entry matches. What depends on the caller is
// left out: it does not reach further than the caller.
func (r *run) sample(entry string, formats []*format) []sample {
	if starred(entry) {
		return unnamed(formats)
	}
	p := parseResource(entry)
	if p.problem != "" || strings.Contains(entry, "${") {
		return nil
	}
	if p.fields < arnFields || hasWildcard(p.service) {
		return unnamed(formats)
	}
	for _, f := range formats {
		if f.service != p.service || !f.holds(p.resource) || !f.last.overlaps(&p.last, &r.compared) {
			continue
		}
		last := p.resource
		named := !glob(last).Match(strings.ReplaceAll(f.last.text, placeholder, "example"))
		if starred(last) {
			last = f.last.text
		}
		last = strings.NewReplacer("?*", "example", "*", "example", "?", "x").Replace(last)
		partition := "aws"
		if arn.ValidPartition(p.partition) {
			partition = p.partition
		}
		return []sample{{"arn:" + partition + ":" + p.service + ":" + orValue(p.region, someRegion, f.region) + ":" + orValue(p.account, someAccount, f.account) + ":" + last, named}}
	}
	return nil
}

// orValue puts a value in the place of wildcards, where the format has the field.
func orValue(field, value, format string) string {
	switch {
	case !hasWildcard(field):
		return field
	case format == "":
		return ""
	}
	return value
}

// aboutExposure is about actions that should not be allowed on everything.
var aboutExposure = &finder{statement: exposure}

// exposures are actions with a risk, in lower case. What changes who has access is
// known from the catalogue.
//
// Sources: API references of the services: the answers of the second group hold
// credentials, or tokens that stand for them.
var exposures = []struct {
	risk    risk
	actions map[string]bool
}{
	{risk{"WRIT_DATA_EXPOSURE", "the data of all resources can be read"}, set(
		"s3:getobject", "s3:getobjectversion", "secretsmanager:getsecretvalue", "secretsmanager:batchgetsecretvalue", "ssm:getparameter", "ssm:getparameters",
		"ssm:getparametersbypath", "ssm:getparameterhistory", "dynamodb:scan", "rds-data:executestatement",
	)},
	{risk{"WRIT_CREDENTIALS_EXPOSURE", "the answer holds credentials"}, set(
		"chime:createapikey", "codeartifact:getauthorizationtoken", "codepipeline:pollforjobs", "cognito-identity:getcredentialsforidentity", "cognito-identity:getopenidtoken",
		"cognito-identity:getopenidtokenfordeveloperidentity", "connect:getfederationtoken", "ec2:getpassworddata", "ecr-public:getauthorizationtoken", "ecr:getauthorizationtoken",
		"gamelift:getcomputeaccess", "gamelift:requestuploadcredentials", "iam:createaccesskey", "iam:createloginprofile", "iam:createservicespecificcredential", "iam:resetservicespecificcredential",
		"iam:updateaccesskey", "lightsail:createbucketaccesskey", "lightsail:downloaddefaultkeypair", "lightsail:getinstanceaccessdetails", "lightsail:getrelationaldatabasemasteruserpassword",
		"rds-db:connect", "redshift-serverless:getcredentials", "redshift:getclustercredentials", "redshift:getclustercredentialswithiam", "snowball:getjobunlockcode",
		"sso:getrolecredentials", "storagegateway:describechapcredentials", "sts:assumerole", "sts:getfederationtoken", "sts:getsessiontoken",
	)},
}

func exposure(r *run, s *statement) {
	if !s.allows() || s.Condition != nil || s.actions.not || s.resources.not {
		return
	}
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		if e.action == nil {
			continue // patterns say less about what was meant
		}
		for _, x := range e.action.risks {
			if onRequest[x.code] && !r.enabled[x.code] {
				continue
			}
			switch resource := r.anyResource(s, e.action); resource {
			case "":
			case "*": // it takes no resource
				r.report(x.code, e.place(), "see that it is needed, or add a condition", "%s: the policy allows %s", x.says, e.text)
			default:
				r.report(x.code, e.place(), "name the resources, or add a condition", "%s: the policy allows %s on any, such as %s", x.says, e.text, resource)
			}
		}
	}
}

// risk is what is dangerous about an action that is allowed on all resources.
type risk struct{ code, says string }

func risksOf(a *action) (list []risk) {
	for _, x := range exposures {
		if x.actions[a.lower] {
			list = append(list, x.risk)
		}
	}
	switch {
	case len(a.Types) == 0 || rolesPassed[a.lower]:
	case a.AccessLevel == catalog.Write:
		list = append(list, risk{"WRIT_INFRASTRUCTURE_CHANGE", "all resources can be changed"})
	case a.AccessLevel == catalog.PermissionsManagement:
		list = append(list, risk{"WRIT_RESOURCE_EXPOSURE", "access to all resources can be changed"})
	}
	return list
}

// anyResource returns a resource that nobody has named, on which the policy allows an
// action because of an entry that names nothing: "*", or an ARN with nothing but
// wildcards behind the service. It is "" where there is none: a Deny may leave open only
// what it names.
func (r *run) anyResource(s *statement, a *action) string {
	formats := r.facts.formatsOfAction(a)
	for i := range s.arns {
		p := &s.arns[i]
		if !p.all && !(p.problem == "" && onlyStars(p.region) && onlyStars(p.account) && starred(p.resource)) {
			continue
		}
		for _, resource := range general(formats) {
			if arn.ValidPartition(p.partition) {
				resource = strings.Replace(resource, "arn:aws:", "arn:"+p.partition+":", 1)
			}
			if (p.all || r.resourcePattern(s.resources.entries[i].text).Match(resource)) && r.allows(a.FullName(), resource) {
				return resource
			}
		}
	}
	return ""
}

// allows decides an ordinary request.
func (r *run) allows(action, resource string) bool {
	engine := r.engine()
	return engine != nil && engine.Decide(authz.Request{Principal: someCaller, Action: action, Resource: resource, Context: ordinary()}).Result == authz.Allowed
}

// rolesPassed are actions about which there are findings of Access Analyzer.
var rolesPassed = set("iam:passrole", "iam:createservicelinkedrole")
