package authz_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/writ-iam/writ/authz"
)

// The reference is a second evaluator, written to be obviously right and not to
// be fast: it reads policies with encoding/json, tries every statement, and
// matches by recursion. It shares no code with the engine; only requests,
// results and references are of the same types.

type refPolicy struct {
	Version   string          `json:",omitempty"`
	Statement []*refStatement // may be one object in JSON
}

type refStatement struct {
	Sid          string        `json:",omitempty"`
	Effect       string        `json:",omitempty"`
	Principal    *refPrincipal `json:",omitempty"`
	NotPrincipal *refPrincipal `json:",omitempty"`
	Action       *refList      `json:",omitempty"`
	NotAction    *refList      `json:",omitempty"`
	Resource     *refList      `json:",omitempty"`
	NotResource  *refList      `json:",omitempty"`
	Condition    refCondition  `json:",omitempty"`
}

// refList is one value or a list; numbers and booleans are their text.
type refList []string

// refCondition is operator, key, values.
type refCondition map[string]map[string]refList

type refPrincipal struct {
	everyone bool
	groups   map[string]refList
}

func (p *refPolicy) UnmarshalJSON(data []byte) error {
	var raw struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	p.Version = raw.Version
	if strings.HasPrefix(strings.TrimSpace(string(raw.Statement)), "[") {
		return json.Unmarshal(raw.Statement, &p.Statement)
	}
	p.Statement = []*refStatement{new(refStatement)}
	return json.Unmarshal(raw.Statement, p.Statement[0])
}

func (l *refList) UnmarshalJSON(data []byte) error {
	raws := []json.RawMessage{data}
	if data[0] == '[' {
		if err := json.Unmarshal(data, &raws); err != nil {
			return err
		}
	}
	*l = refList{}
	for _, raw := range raws {
		text := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &text); err != nil {
				return err
			}
		}
		*l = append(*l, text)
	}
	return nil
}

func (p *refPrincipal) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		p.everyone = true
		return nil
	}
	return json.Unmarshal(data, &p.groups)
}

func (p *refPrincipal) MarshalJSON() ([]byte, error) {
	if p.everyone {
		return []byte(`"*"`), nil
	}
	return json.Marshal(p.groups)
}

// refSet is what speaks on a request: levels of policies by kind. A kind that
// is absent was not supplied.
type refSet map[authz.Kind][][]*refPolicy

var refDenyOrder = []authz.Kind{
	authz.RCP, authz.SCP, authz.Endpoint, authz.Resource, authz.Identity, authz.Group, authz.Boundary, authz.Session,
}

// refCaller is a principal of a request, taken apart.
type refCaller struct {
	kind                     string // root, user, role, session, federated, service, provider, anonymous
	text, partition, account string
	name, session            string
}

func refParseCaller(text, action string) refCaller {
	c := refCaller{text: text}
	part := strings.SplitN(text, ":", 6)
	if len(part) == 6 {
		c.partition, c.account = part[1], part[4]
		path := strings.Split(part[5], "/")
		c.name = path[len(path)-1]
		c.kind = map[string]string{
			"root": "root", "user": "user", "role": "role", "federated-user": "federated", "assumed-role": "session",
			"saml-provider": "provider", "oidc-provider": "provider",
		}[path[0]]
		if c.kind == "session" {
			c.name, c.session = path[1], path[2]
		}
		return c
	}
	switch a := strings.ToLower(action); {
	case a == "sts:assumerolewithsaml" || a == "sts:assumerolewithwebidentity":
		c.kind = "provider"
	case text == "anonymous":
		c.kind = text
	default:
		c.kind, c.name = "service", text
	}
	return c
}

// withoutAccount: callers that have no policies of their own.
func (c *refCaller) withoutAccount() bool {
	return c.kind == "service" || c.kind == "provider" || c.kind == "anonymous"
}

// refAsk is one request put to one set.
type refAsk struct {
	set      refSet
	request  *authz.Request
	who      refCaller
	resource []string // the six components; nil for *
	owner    string
}

// The ways in which a principal element names a caller.
const (
	refNotNamed = iota
	refByAccount
	refByRole // or by the user behind a federated user
	refItself // or everybody
)

func refDecide(set refSet, r *authz.Request) (authz.Result, []authz.Reference) {
	a := &refAsk{set: set, request: r, who: refParseCaller(r.Principal, r.Action)}
	if part := strings.SplitN(r.Resource, ":", 6); len(part) == 6 {
		a.resource = part
	}
	shown := ""
	if a.resource != nil && regexp12.MatchString(a.resource[4]) {
		shown = a.resource[4]
	}
	if r.ResourceAccount != "" && shown != "" && shown != r.ResourceAccount || a.resourcesMissing() {
		return authz.Invalid, nil
	}
	switch {
	case r.ResourceAccount != "":
		a.owner = r.ResourceAccount
	case a.resource != nil && regexp12.MatchString(a.resource[4]):
		a.owner = a.resource[4]
	default:
		a.owner = a.who.account
	}
	return a.decide()
}

// resourcesMissing: only the policies of roles, repositories and file systems may
// leave out the resources.
func (a *refAsk) resourcesMissing() bool {
	switch strings.ToLower(a.request.Action) {
	case "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity":
		return false
	}
	service, _, _ := strings.Cut(strings.ToLower(a.request.Action), ":")
	form := map[string]string{"ecr": ":repository/", "ecr-public": ":repository/", "elasticfilesystem": ":file-system/"}[service]
	if form != "" && regexp.MustCompile(`^arn:[^:]*:`+service+`:[^:]*:[^:]*`+form).MatchString(a.request.Resource) {
		return false
	}
	for _, level := range a.set[authz.Resource] {
		for _, p := range level {
			for _, s := range p.Statement {
				if s.Resource == nil && s.NotResource == nil {
					return true
				}
			}
		}
	}
	return false
}

var regexp12 = regexp.MustCompile(`^[0-9]{12}$`)

func (a *refAsk) decide() (authz.Result, []authz.Reference) {
	if strings.EqualFold(a.request.Action, "sts:GetCallerIdentity") && a.who.kind != "anonymous" {
		return authz.Allowed, refKind(authz.Service)
	}
	for _, kind := range refDenyOrder {
		if by := a.first(kind, -1, "Deny", refByAccount, refItself); by != nil && a.concerned(kind) {
			return authz.ExplicitlyDenied, by
		}
	}
	if a.writesManagedPolicy() {
		return authz.ImplicitlyDenied, refKind(authz.Service)
	}
	if a.concerned(authz.SCP) {
		for level := range a.set[authz.SCP] {
			if a.first(authz.SCP, level, "Allow", refByAccount, refItself) == nil {
				return authz.ImplicitlyDenied, []authz.Reference{{Kind: authz.SCP, Level: level, Policy: -1, Statement: -1}}
			}
		}
	}
	if a.set[authz.Endpoint] != nil && a.first(authz.Endpoint, -1, "Allow", refByAccount, refItself) == nil {
		return authz.ImplicitlyDenied, refKind(authz.Endpoint)
	}
	switch {
	case a.who.withoutAccount():
		if by := a.resourceAllows(refItself, refItself); by != nil {
			return authz.Allowed, by
		}
		return authz.ImplicitlyDenied, refKind(authz.Resource)
	case a.owner == a.who.account && a.onePartition():
		return a.sameAccount()
	}
	return a.crossAccount()
}

// sameAccount is the table of the documentation, row by row.
func (a *refAsk) sameAccount() (authz.Result, []authz.Reference) {
	special := a.special()
	if by := a.resourceAllows(refItself, refItself); by != nil {
		return authz.Allowed, by
	}
	if a.who.kind == "root" && !special {
		return authz.Allowed, refKind(authz.Root)
	}
	if by := a.resourceAllows(refByRole, refByRole); by != nil {
		if kind, ok := a.limited(); ok {
			return authz.ImplicitlyDenied, refKind(kind)
		}
		return authz.Allowed, by
	}
	if special && a.resourceAllows(refByAccount, refByAccount) == nil {
		return authz.ImplicitlyDenied, refKind(authz.Resource)
	}
	by := a.identityAllows()
	if by == nil {
		return authz.ImplicitlyDenied, refKind(authz.Identity)
	}
	if kind, ok := a.limited(); ok {
		return authz.ImplicitlyDenied, refKind(kind)
	}
	return authz.Allowed, by
}

func (a *refAsk) crossAccount() (authz.Result, []authz.Reference) {
	by := refKind(authz.Root)
	if a.who.kind != "root" {
		if by = a.identityAllows(); by == nil {
			return authz.ImplicitlyDenied, refKind(authz.Identity)
		}
		if kind, ok := a.limited(); ok {
			return authz.ImplicitlyDenied, refKind(kind)
		}
	}
	grant := a.resourceAllows(refByAccount, refItself)
	if grant == nil {
		return authz.ImplicitlyDenied, refKind(authz.Resource)
	}
	return authz.Allowed, append(by, grant...)
}

func (a *refAsk) identityAllows() []authz.Reference {
	if by := a.first(authz.Identity, -1, "Allow", refByAccount, refItself); by != nil {
		return by
	}
	return a.first(authz.Group, -1, "Allow", refByAccount, refItself)
}

// limited returns the kind that fails to allow, of boundary and session.
func (a *refAsk) limited() (authz.Kind, bool) {
	if a.set[authz.Boundary] != nil && a.first(authz.Boundary, -1, "Allow", refByAccount, refItself) == nil {
		return authz.Boundary, true
	}
	needed := a.set[authz.Session] != nil || a.who.kind == "federated"
	return authz.Session, needed && a.first(authz.Session, -1, "Allow", refByAccount, refItself) == nil
}

func (a *refAsk) resourceAllows(weakest, strongest int) []authz.Reference {
	if !a.onePartition() {
		return nil
	}
	return a.first(authz.Resource, -1, "Allow", weakest, strongest)
}

func (a *refAsk) onePartition() bool {
	return a.resource == nil || a.resource[1] == "" || a.who.partition == "" || a.resource[1] == a.who.partition
}

// special: role trust policies and key policies.
func (a *refAsk) special() bool {
	if a.resource == nil {
		return false
	}
	action := strings.ToLower(a.request.Action)
	switch a.resource[2] {
	case "iam":
		return strings.HasPrefix(a.resource[5], "role/") &&
			regexp.MustCompile(`^sts:(assumerole|assumerolewithsaml|assumerolewithwebidentity|tagsession|setsourceidentity)$`).MatchString(action)
	case "kms":
		return strings.HasPrefix(a.resource[5], "key/") && strings.HasPrefix(action, "kms:")
	}
	return false
}

var refPolicyWrites = regexp.MustCompile(`(?i)^iam:(CreatePolicy|CreatePolicyVersion|DeletePolicy|DeletePolicyVersion|SetDefaultPolicyVersion|TagPolicy|UntagPolicy)$`)

func (a *refAsk) writesManagedPolicy() bool {
	return a.resource != nil && a.resource[2] == "iam" && a.resource[4] == "aws" &&
		strings.HasPrefix(a.resource[5], "policy/") && refPolicyWrites.MatchString(a.request.Action)
}

// concerned reports whether a kind of policy has anything to do with the caller
// and the resource.
func (a *refAsk) concerned(kind authz.Kind) bool {
	switch kind {
	case authz.SCP:
		return !a.request.ServiceLinkedRole && !a.request.PrincipalInManagementAccount && !a.who.withoutAccount()
	case authz.RCP:
		return !a.request.ServiceLinkedRole && !a.request.ResourceInManagementAccount
	case authz.Resource, authz.Endpoint:
		return true
	}
	return !a.who.withoutAccount() && a.who.kind != "root"
}

// first finds the first statement of a kind (and level, unless -1) with an
// effect that applies and names the caller in a way between two.
func (a *refAsk) first(kind authz.Kind, level int, effect string, weakest, strongest int) []authz.Reference {
	for l, policies := range a.set[kind] {
		if level >= 0 && l != level {
			continue
		}
		for p, policy := range policies {
			for s, statement := range policy.Statement {
				if statement.Effect != effect {
					continue
				}
				strength := a.applies(policy, statement)
				if strength < weakest || strength > strongest {
					continue
				}
				at := -1
				if kind == authz.SCP || kind == authz.RCP {
					at = l
				}
				return []authz.Reference{{Kind: kind, Level: at, Policy: p, Statement: s}}
			}
		}
	}
	return nil
}

func refKind(kind authz.Kind) []authz.Reference {
	return []authz.Reference{{Kind: kind, Level: -1, Policy: -1, Statement: -1}}
}

// applies returns how a statement that matches names the caller, and
// refNotNamed for one that does not match.
func (a *refAsk) applies(p *refPolicy, s *refStatement) int {
	variables := p.Version == "2012-10-17"
	if !a.actionMatches(s) || !a.resourceMatches(s, variables) || !a.conditionMatches(s.Condition, variables) {
		return refNotNamed
	}
	switch {
	case s.Principal != nil:
		return a.named(s.Principal)
	case s.NotPrincipal != nil:
		if s.Effect == "Deny" && a.set[authz.Boundary] != nil || !a.exempt(s.NotPrincipal) {
			return refItself
		}
		return refNotNamed
	}
	return refItself
}

func (a *refAsk) named(p *refPrincipal) int {
	best := refNotNamed
	if p.everyone {
		best = refItself
	}
	for key, list := range p.groups {
		for _, text := range list {
			best = max(best, a.namedBy(key, text))
		}
	}
	return best
}

func (a *refAsk) namedBy(key, text string) int {
	who := &a.who
	switch {
	case key == "AWS" && text == "*":
		return refItself
	case key == "Service" && who.kind == "service" && text == who.text,
		key == "Federated" && who.kind == "provider" && text == who.text:
		return refItself
	case key != "AWS" || who.withoutAccount():
		return refNotNamed
	case text == who.text && who.kind != "role":
		return refItself
	case text == who.account || text == "arn:"+who.partition+":iam::"+who.account+":root":
		if who.kind == "root" {
			return refItself
		}
		return refByAccount
	}
	other := refParseCaller(text, "")
	if other.partition != who.partition || other.account != who.account || other.name != who.name {
		return refNotNamed
	}
	if other.kind == "role" && (who.kind == "role" || who.kind == "session") ||
		other.kind == "user" && who.kind == "federated" {
		return refByRole
	}
	return refNotNamed
}

// exempt: NotPrincipal must name every layer of the caller.
func (a *refAsk) exempt(p *refPrincipal) bool {
	if a.who.kind == "anonymous" {
		return false
	}
	if p.everyone {
		return true
	}
	var account, role, itself bool
	for key, list := range p.groups {
		for _, text := range list {
			if key == "AWS" && text == "*" {
				return true
			}
			switch a.namedBy(key, text) {
			case refByAccount:
				account = true
			case refByRole:
				role = true
			case refItself:
				itself = true
			}
		}
	}
	switch a.who.kind {
	case "user":
		return account && itself
	case "role":
		return account && role
	case "session", "federated":
		return account && role && itself
	}
	return itself
}

func (a *refAsk) actionMatches(s *refStatement) bool {
	list, not := s.Action, false
	if list == nil {
		list, not = s.NotAction, true
	}
	for _, entry := range *list {
		if refAction(entry, a.request.Action) {
			return !not
		}
	}
	return not
}

func refAction(entry, action string) bool {
	if entry == "*" {
		return true
	}
	entryService, entryName, ok := strings.Cut(strings.ToLower(entry), ":")
	service, name, _ := strings.Cut(strings.ToLower(action), ":")
	return ok && refGlob(refText(entryService, true), service) && refGlob(refText(entryName, true), name)
}

func (a *refAsk) resourceMatches(s *refStatement, variables bool) bool {
	list, not := s.Resource, false
	if list == nil {
		list, not = s.NotResource, true
	}
	if list == nil {
		return true
	}
	for _, entry := range *list {
		if a.refResource(entry, variables) {
			return !not
		}
	}
	return not
}

func (a *refAsk) refResource(entry string, variables bool) bool {
	if entry == "*" {
		return true
	}
	if a.resource == nil {
		return false
	}
	part := strings.SplitN(entry, ":", 6)
	var tokens []refToken
	for i, text := range part {
		if i > 0 {
			tokens = append(tokens, refToken{literal: ':'})
		}
		if i == 5 {
			last, ok := a.refTokens(text, true, variables)
			if !ok {
				return false
			}
			tokens = append(tokens, last...)
			break
		}
		component := refText(text, true)
		for j := range component {
			component[j].noColon = component[j].wild != 0 && (component[j].wild == '?' || j < len(component)-1)
		}
		tokens = append(tokens, component...)
	}
	return refGlob(tokens, a.request.Resource)
}

// refToken is a character of a pattern.
type refToken struct {
	literal rune
	wild    rune // '*', '?' or 0
	noColon bool // a wildcard that stops at colons
}

func refText(text string, wild bool) []refToken {
	var out []refToken
	for _, c := range text {
		if wild && (c == '*' || c == '?') {
			out = append(out, refToken{wild: c})
		} else {
			out = append(out, refToken{literal: c})
		}
	}
	return out
}

var refVariable = regexp.MustCompile(`\$\{([*?$])\}|\$\{([^{},'\s]+)(, *'([^']*)' *)?\}`)

// refTokens expands the variables of a value. It reports false when one has no
// value.
func (a *refAsk) refTokens(text string, wild, variables bool) ([]refToken, bool) {
	if !variables {
		return refText(text, wild), true
	}
	var out []refToken
	for text != "" {
		m := refVariable.FindStringSubmatchIndex(text)
		if m == nil {
			break
		}
		out = append(out, refText(text[:m[0]], wild)...)
		group := func(i int) string { return text[m[2*i]:m[2*i+1]] }
		if m[2] >= 0 {
			out = append(out, refText(group(1), false)...)
		} else {
			values := a.values(group(2))
			switch {
			case len(values) == 1:
				out = append(out, refText(values[0], false)...)
			case m[6] >= 0:
				out = append(out, refText(group(4), false)...)
			default:
				return nil, false
			}
		}
		text = text[m[1]:]
	}
	return append(out, refText(text, wild)...), true
}

func refGlob(tokens []refToken, s string) bool { return refGlobRunes(tokens, []rune(s)) }

func refGlobRunes(tokens []refToken, s []rune) bool {
	if len(tokens) == 0 {
		return len(s) == 0
	}
	t := tokens[0]
	takes := len(s) > 0 && !(t.noColon && s[0] == ':')
	switch t.wild {
	case '*':
		return refGlobRunes(tokens[1:], s) || takes && refGlobRunes(tokens, s[1:])
	case '?':
		return takes && refGlobRunes(tokens[1:], s[1:])
	}
	return len(s) > 0 && s[0] == t.literal && refGlobRunes(tokens[1:], s[1:])
}

// values returns what the request has for a key; nothing for an absent one.
func (a *refAsk) values(key string) []string {
	for _, entry := range a.request.Context {
		if strings.EqualFold(entry.Key, key) {
			return entry.Values
		}
	}
	if v := a.derived(strings.ToLower(key)); v != "" {
		return []string{v}
	}
	return nil
}

// derived is what the request shows without its context.
func (a *refAsk) derived(key string) string {
	who := &a.who
	switch key {
	case "aws:principalarn":
		switch {
		case who.kind == "session":
			return fmt.Sprintf("arn:%s:iam::%s:role/%s", who.partition, who.account, who.name)
		case !who.withoutAccount():
			return who.text
		}
	case "aws:principalaccount":
		if who.kind == "anonymous" {
			return "anonymous"
		}
		return who.account
	case "aws:principaltype":
		return map[string]string{
			"root": "Account", "user": "User", "role": "AssumedRole", "session": "AssumedRole",
			"federated": "FederatedUser", "anonymous": "Anonymous",
		}[who.kind]
	case "aws:username":
		if who.kind == "user" {
			return who.name
		}
	case "aws:userid":
		switch who.kind {
		case "root":
			return who.account
		case "federated":
			return who.account + ":" + who.name
		case "anonymous":
			return "anonymous"
		}
	case "aws:currenttime":
		return a.request.Time.UTC().Format(time.RFC3339)
	case "aws:epochtime":
		return strconv.FormatInt(a.request.Time.Unix(), 10)
	case "aws:resourceaccount":
		return a.owner
	case "aws:principalisawsservice":
		if who.kind != "anonymous" && who.kind != "provider" {
			return strconv.FormatBool(who.kind == "service")
		}
	case "aws:principalservicename":
		if who.kind == "service" {
			return who.name
		}
	}
	return ""
}

func (a *refAsk) conditionMatches(c refCondition, variables bool) bool {
	for operator, keys := range c {
		for key, list := range keys {
			if !a.lineHolds(operator, a.values(key), list, variables) {
				return false
			}
		}
	}
	return true
}

// lineHolds is the table of operators and absent, empty or multiple values.
func (a *refAsk) lineHolds(operator string, got []string, want []string, variables bool) bool {
	name := strings.ToLower(operator)
	all := strings.HasPrefix(name, "forallvalues:")
	any := strings.HasPrefix(name, "foranyvalue:")
	name = strings.TrimPrefix(strings.TrimPrefix(name, "forallvalues:"), "foranyvalue:")
	name, ifExists := strings.CutSuffix(name, "ifexists")
	base := strings.Replace(name, "not", "", 1)
	negated := base != name
	satisfies := func(value string) bool { return a.equalsSome(base, value, want, variables) != negated }

	switch {
	case name == "null" && (all || any):
		return all
	case name == "null":
		for _, w := range want {
			if strings.EqualFold(w, strconv.FormatBool(len(got) == 0)) {
				return true
			}
		}
		return false
	case len(want) == 0:
		return len(got) == 0 && (ifExists || all)
	case len(got) == 0 && all:
		return true
	case len(got) == 0 && any:
		return ifExists
	case len(got) == 0:
		return ifExists || negated
	case all || any:
		if len(got) == 1 && got[0] == "" {
			return all
		}
		for _, value := range got {
			if satisfies(value) != all {
				return any
			}
		}
		return all
	case len(got) > 1:
		return false
	}
	return satisfies(got[0])
}

func (a *refAsk) equalsSome(base, value string, want []string, variables bool) bool {
	for _, w := range want {
		if a.equals(base, value, w, variables) {
			return true
		}
	}
	return false
}

// equals compares one value of the request with one of the policy. The base is
// the operator without Not, in lower case.
func (a *refAsk) equals(base, value, want string, variables bool) bool {
	switch {
	case strings.HasPrefix(base, "string"):
		tokens, ok := a.refTokens(want, base == "stringlike", variables)
		if base == "stringequalsignorecase" {
			value = strings.ToLower(value)
			for i := range tokens {
				tokens[i].literal = []rune(strings.ToLower(string(tokens[i].literal)))[0]
			}
		}
		return ok && refGlob(tokens, value)
	case strings.HasPrefix(base, "arn"):
		tokens, ok := a.refTokens(want, true, variables)
		return ok && refARN(tokens, value)
	case strings.HasPrefix(base, "numeric"):
		x, xOK := refNumber(value)
		y, yOK := refNumber(want)
		return xOK && yOK && refOrdered(base, x.Cmp(y))
	case strings.HasPrefix(base, "date"):
		x, xOK := refDate(value)
		y, yOK := refDate(want)
		return xOK && yOK && refOrdered(base, x.Compare(y))
	case base == "bool":
		return strings.EqualFold(value, want) && (strings.EqualFold(value, "true") || strings.EqualFold(value, "false"))
	case base == "ipaddress":
		return refContains(want, value)
	case base == "binaryequals":
		return refBinary(value) == refBinary(want)
	}
	panic("reference: no operator " + base)
}

func refOrdered(base string, order int) bool {
	switch {
	case strings.HasSuffix(base, "greaterthanequals"):
		return order >= 0
	case strings.HasSuffix(base, "greaterthan"):
		return order > 0
	case strings.HasSuffix(base, "lessthanequals"):
		return order <= 0
	case strings.HasSuffix(base, "lessthan"):
		return order < 0
	}
	return order == 0
}

// refARN compares component by component.
func refARN(tokens []refToken, value string) bool {
	var want [][]refToken
	begin := 0
	for i, t := range tokens {
		if t.literal == ':' && len(want) < 5 {
			want = append(want, tokens[begin:i])
			begin = i + 1
		}
	}
	want = append(want, tokens[begin:])
	got := strings.SplitN(value, ":", 6)
	if len(want) < 6 || len(got) < 6 {
		return false
	}
	for i := range want {
		if !refGlob(want[i], got[i]) {
			return false
		}
	}
	return true
}

var refNumberForm = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)

func refNumber(s string) (*big.Rat, bool) {
	if !refNumberForm.MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

var refDateForm = regexp.MustCompile(`^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?$`)
var refEpochForm = regexp.MustCompile(`^-?\d+$`)

func refDate(s string) (time.Time, bool) {
	m := refDateForm.FindStringSubmatch(s)
	if m == nil {
		n, err := strconv.ParseInt(s, 10, 64)
		return time.Unix(n, 0), err == nil && refEpochForm.MatchString(s)
	}
	number := func(i, absent int) int {
		if m[i] == "" {
			return absent
		}
		n, _ := strconv.Atoi(m[i])
		return n
	}
	year, month, day := number(1, 0), number(2, 1), number(3, 1)
	hour, minute, second := number(4, 0), number(5, 0), number(6, 0)
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Month() != time.Month(month) || t.Day() != day || t.Hour() != hour || t.Minute() != minute || t.Second() != second {
		return t, false // a field out of range
	}
	if m[7] != "" {
		nanos, _ := strconv.Atoi((m[7][1:] + "000000000")[:9])
		t = t.Add(time.Duration(nanos))
	}
	if zone := m[8]; zone != "" && zone != "Z" {
		hours, _ := strconv.Atoi(zone[1:3])
		minutes, _ := strconv.Atoi(zone[4:6])
		offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if zone[0] == '+' {
			offset = -offset
		}
		t = t.Add(offset)
	}
	return t, true
}

func refContains(block, address string) bool {
	if ip, part, err := net.ParseCIDR(address); err == nil {
		_, whole, err := net.ParseCIDR(block)
		if err != nil {
			return false
		}
		wholeBits, wholeSize := whole.Mask.Size()
		partBits, partSize := part.Mask.Size()
		return wholeSize == partSize && wholeBits <= partBits && whole.Contains(ip)
	}
	ip := net.ParseIP(address)
	if ip == nil {
		return false
	}
	if !strings.Contains(block, "/") {
		other := net.ParseIP(block)
		return other != nil && other.Equal(ip)
	}
	_, network, err := net.ParseCIDR(block)
	return err == nil && network.Contains(ip)
}

func refBinary(s string) string {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return string(b)
	}
	return s
}
