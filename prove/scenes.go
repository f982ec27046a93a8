package prove

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

// The accounts and names of requests that could as well be others.
const (
	someAccount  = "123456789012"
	otherAccount = "111122223333"
	thirdAccount = "444455556666"
	someUser     = "someone"
)

// scenes are the callers worth asking about, each in its relation to the owner of
// the resource. Policies of a principal do not tell callers apart. For others
// there is one caller of each kind that is named, one that is not, and one in each
// account: who is named by the same statements in the same way is one.
func (c *comparison) scenes() []*scene {
	if c.meaning == attached && !c.namesAnybody() {
		caller, _ := policy.ParseCaller(userOf("aws", someAccount))
		return []*scene{{caller: caller, meaning: attached, sameAccount: true, region: verum}}
	}
	var out []*scene
	seen := map[string]bool{}
	callers := c.callers()
	for _, caller := range callers {
		for _, sc := range c.relations(caller, callers) {
			if key := c.sceneKey(sc); !seen[key] {
				seen[key] = true
				out = append(out, sc)
			}
		}
	}
	return out
}

func (c *comparison) namesAnybody() bool {
	return slices.ContainsFunc(append(slices.Clip(c.now.all), c.old.all...), func(d *document) bool {
		return slices.ContainsFunc(d.statements, func(s *statement) bool { return s.principal != nil })
	})
}

// sceneKey is equal for scenes that the policies do not tell apart.
func (c *comparison) sceneKey(sc *scene) string {
	var b strings.Builder
	b.WriteByte(byte('0' + sc.caller.Kind))
	b.WriteString(sc.caller.Partition)
	if c.meaning == complete {
		b.WriteString(sc.caller.Account)
		b.WriteString(sc.account)
	}
	for _, s := range []*side{c.now, c.old} {
		for _, d := range s.all {
			for _, st := range d.statements {
				if st.principal != nil {
					b.WriteByte(byte('a' + st.strength(&sc.caller, s.set.Boundary != nil)))
				}
			}
		}
	}
	return b.String()
}

// relations are a caller's scenes: in a complete reading, with a resource of its
// own account and with one of another.
func (c *comparison) relations(caller policy.Caller, callers []policy.Caller) []*scene {
	switch {
	case c.meaning == attached && !ownsPolicies(caller.Kind):
		return nil
	case c.meaning == attached:
		return []*scene{{caller: caller, meaning: attached, sameAccount: true, region: c.ownedBy(&caller)}}
	case c.meaning == alone:
		return []*scene{{caller: caller, meaning: alone, region: verum}}
	case caller.Account == "":
		return []*scene{{caller: caller, meaning: complete, region: verum}}
	}
	out := []*scene{{caller: caller, meaning: complete, sameAccount: true, account: caller.Account, region: c.ownedBy(&caller)}}
	others := []string{thirdAccount}
	for _, other := range callers {
		if other.Account != "" && other.Account != caller.Account && !slices.Contains(others, other.Account) {
			others = append(others, other.Account)
		}
	}
	for _, account := range others {
		in := "arn:" + caller.Partition + ":*:*:"
		out = append(out, &scene{
			caller: caller, meaning: complete, account: account,
			region: c.resourceIs("*", in+":?*", in+account+":?*"),
		})
	}
	return out
}

// ownsPolicies: others have no policies attached that count.
func ownsPolicies(kind policy.CallerKind) bool {
	return kind == policy.CallerUser || kind == policy.CallerRole || kind == policy.CallerSession || kind == policy.CallerFederatedUser
}

// ownedBy says that a resource shows no other account and partition than the
// caller's.
func (c *comparison) ownedBy(caller *policy.Caller) formula {
	in := "arn:" + caller.Partition + ":*:*:"
	return c.resourceIs("*", in+":?*", in+"aws:?*", in+caller.Account+":?*")
}

func userOf(partition, account string) string {
	return "arn:" + partition + ":iam::" + account + ":user/" + someUser
}

// callers gathers whom the policies name, and strangers.
func (c *comparison) callers() []policy.Caller {
	var out []policy.Caller
	seen := map[string]bool{}
	add := func(text string, provider bool) {
		parse := policy.ParseCaller
		if provider {
			parse = policy.ParseProvider
		}
		if caller, err := parse(text); err == nil && !seen[text] {
			seen[text] = true
			out = append(out, caller)
		}
	}
	people := func(partition, account string) {
		add(userOf(partition, account), false)
		add("arn:"+partition+":sts::"+account+":assumed-role/"+someUser+"/session", false)
		add("arn:"+partition+":iam::"+account+":root", false)
		add("arn:"+partition+":sts::"+account+":federated-user/"+someUser, false)
	}
	if c.public != nil {
		add(policy.Anonymous, false)
	}
	people("aws", c.stranger())
	add(policy.Anonymous, false)
	if c.public != nil && c.public.Accounts == nil {
		return out
	}
	add("someservice.amazonaws.com", false)
	add("arn:aws:iam::"+someAccount+":saml-provider/"+someUser, true)
	for _, set := range []*authz.Set{&c.now.set, &c.old.set} {
		documentsOf(set, func(doc *policy.Document) {
			for i := range doc.Statements {
				for _, named := range []*policy.Principal{doc.Statements[i].Principal, doc.Statements[i].NotPrincipal} {
					c.namedCallers(named, add, people)
				}
			}
		})
	}
	if c.public != nil {
		out = slices.DeleteFunc(out, func(caller policy.Caller) bool {
			return caller.Kind != policy.CallerAnonymous && (caller.Account == "" || slices.Contains(c.public.Accounts, caller.Account))
		})
	}
	return out
}

func (c *comparison) namedCallers(p *policy.Principal, add func(string, bool), people func(partition, account string)) {
	if p == nil {
		return
	}
	for i := range p.Groups {
		g := &p.Groups[i]
		for _, v := range g.Values.Values {
			if g.Key != policy.PrincipalAWS {
				add(v.Text, g.Key == policy.PrincipalFederated)
				continue
			}
			if arn.ValidAccount(v.Text) {
				people("aws", v.Text)
			}
			caller, err := policy.ParseCaller(v.Text)
			if err != nil {
				continue
			}
			if caller.Kind == policy.CallerRole { // it acts through its sessions
				add("arn:"+caller.Partition+":sts::"+caller.Account+":assumed-role/"+caller.Name+"/session", false)
			}
			if caller.Kind != policy.CallerRoot {
				add(v.Text, false)
			}
			people(caller.Partition, caller.Account)
			switch caller.Kind {
			case policy.CallerUser:
				add("arn:"+caller.Partition+":sts::"+caller.Account+":federated-user/"+caller.Name, false)
			case policy.CallerSession:
				add("arn:"+caller.Partition+":sts::"+caller.Account+":assumed-role/"+caller.Name+"/other-session", false)
			}
		}
	}
}

// stranger is an account that no policy names as a principal.
func (c *comparison) stranger() string {
	for _, account := range []string{someAccount, otherAccount, thirdAccount, "555566667777", "777788889999"} {
		known := false
		for _, set := range []*authz.Set{&c.now.set, &c.old.set} {
			documentsOf(set, func(doc *policy.Document) { known = known || mentionsAccount(doc, account) })
		}
		if !known {
			return account
		}
	}
	return "999900001111"
}

func mentionsAccount(doc *policy.Document, account string) bool {
	found := false
	policy.Walk(doc, func(_ policy.Place, node any) bool {
		if v, ok := node.(*policy.Value); ok && strings.Contains(v.Text, account) {
			found = true
		}
		return !found
	})
	return found
}
