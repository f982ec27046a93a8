package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseCaller(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Caller
	}{
		{"anonymous", Caller{Kind: CallerAnonymous}},
		{"arn:aws:iam::111122223333:root", Caller{Kind: CallerRoot, Partition: "aws", Account: "111122223333"}},
		{"arn:aws-cn:iam::111122223333:user/ana", Caller{Kind: CallerUser, Partition: "aws-cn", Account: "111122223333", Path: "/", Name: "ana"}},
		{"arn:aws:iam::111122223333:user/a/b/ana", Caller{Kind: CallerUser, Partition: "aws", Account: "111122223333", Path: "/a/b/", Name: "ana"}},
		{"arn:aws:iam::111122223333:role/ci/deploy", Caller{Kind: CallerRole, Partition: "aws", Account: "111122223333", Path: "/ci/", Name: "deploy"}},
		{"arn:aws:sts::111122223333:assumed-role/deploy/run@1", Caller{Kind: CallerSession, Partition: "aws", Account: "111122223333", Name: "deploy", Session: "run@1"}},
		{"arn:aws:sts::111122223333:federated-user/ana", Caller{Kind: CallerFederatedUser, Partition: "aws", Account: "111122223333", Name: "ana"}},
		{"arn:aws:iam::111122223333:saml-provider/corp", Caller{Kind: CallerProvider, Partition: "aws", Account: "111122223333", Name: "corp"}},
		{"arn:aws:iam::111122223333:oidc-provider/a.example/b", Caller{Kind: CallerProvider, Partition: "aws", Account: "111122223333", Name: "a.example/b"}},
		{"ecs-tasks.amazonaws.com", Caller{Kind: CallerService, Name: "ecs-tasks.amazonaws.com"}},
		{"ec2.amazonaws.com.cn", Caller{Kind: CallerService, Name: "ec2.amazonaws.com.cn"}},
		{"states.us-east-1.amazonaws.com", Caller{Kind: CallerService, Name: "states.us-east-1.amazonaws.com"}},
	} {
		tt.want.Text = tt.text
		got, err := ParseCaller(tt.text)
		if err != nil {
			t.Errorf("ParseCaller(%s): %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseCaller(%s) (-want +got):\n%s", tt.text, diff)
		}
	}
	for _, text := range []string{
		"", "*", "111122223333", "alice", ".amazonaws.com", "a b.amazonaws.com", "accounts.google.com", "arn:", "arn:aws:iam::111122223333",
		"arn:aws:iam::111122223333:", "arn:aws:iam::111122223333:rooted", "arn:aws:iam::111122223333:root/x", "arn:aws:iam::111122223333:user/",
		"arn:aws:iam::111122223333:user", "arn:aws:iam::111122223333:user/a/", "arn:aws:iam::111122223333:group/g", "arn:aws:iam::11112222333:root",
		"arn:aws:iam::1111222233334:root", "arn:aws:iam::11112222333x:root", "arn:aws:iam:us-east-1:111122223333:root", "arn::iam::111122223333:root",
		"arn:aws:sts::111122223333:assumed-role/app", "arn:aws:sts::111122223333:assumed-role/app/", "arn:aws:sts::111122223333:assumed-role//s",
		"arn:aws:sts::111122223333:assumed-role/path/app/s", "arn:aws:sts::111122223333:user/ana", "arn:aws:iam::111122223333:assumed-role/app/s",
		"arn:aws:iam::111122223333:user/*", "arn:aws:iam::111122223333:role/a?", "arn:*:iam::111122223333:root", "arn:aws:s3:::bucket",
	} {
		if got, err := ParseCaller(text); err == nil {
			t.Errorf("ParseCaller(%q) = %+v, want an error", text, got)
		}
	}
}

func TestParseProvider(t *testing.T) {
	for _, text := range []string{
		"cognito-identity.amazonaws.com", "accounts.google.com", "arn:aws:iam::111122223333:saml-provider/corp",
	} {
		if got, err := ParseProvider(text); err != nil || got.Kind != CallerProvider || got.Text != text {
			t.Errorf("ParseProvider(%s) = %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "*", "https://accounts.google.com", "arn:aws:iam::111122223333:user/ana", "arn:x"} {
		if got, err := ParseProvider(text); err == nil {
			t.Errorf("ParseProvider(%q) = %+v, want an error", text, got)
		}
	}
}

const (
	account = "111122223333"
	root    = "arn:aws:iam::111122223333:root"
	user    = "arn:aws:iam::111122223333:user/dir/ana"
	role    = "arn:aws:iam::111122223333:role/ci/app"
	session = "arn:aws:sts::111122223333:assumed-role/app/s1"
	fedUser = "arn:aws:sts::111122223333:federated-user/ana"
	service = "ecs.amazonaws.com"
)

func mustCaller(t testing.TB, text string) *Caller {
	t.Helper()
	c, err := ParseCaller(text)
	if strings.HasSuffix(text, "google.com") {
		c, err = ParseProvider(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

func TestPrincipalStrength(t *testing.T) {
	const saml, google = "arn:aws:iam::111122223333:saml-provider/corp", "accounts.google.com"
	for _, tt := range []struct {
		principal string // key and values
		caller    string
		want      Strength
	}{
		{"*", Anonymous, ByWildcard}, {"*", user, ByWildcard}, {"*", service, ByWildcard}, {"*", google, ByWildcard},
		{"AWS *", Anonymous, ByWildcard}, {"AWS *", session, ByWildcard},
		{"AWS " + user, user, Directly},
		{"AWS " + user, strings.Replace(user, "ana", "Ana", 1), NotNamed},
		{"AWS " + user, strings.Replace(user, "dir/", "", 1), NotNamed},
		{"AWS " + user, fedUser, ByParent},
		{"AWS " + user, session, NotNamed},
		{"AWS " + fedUser, fedUser, Directly},
		{"AWS " + session, session, Directly},
		{"AWS " + session, strings.Replace(session, "s1", "s2", 1), NotNamed},
		{"AWS " + session, role, NotNamed},
		{"AWS " + role, session, ByRole},
		{"AWS " + role, role, ByRole},
		{"AWS " + role, strings.Replace(session, "1111", "9999", 1), NotNamed},
		{"AWS " + role, strings.Replace(session, "arn:aws:", "arn:aws-cn:", 1), NotNamed},
		{"AWS " + role, strings.Replace(session, "app", "App", 1), NotNamed},
		{"AWS " + role, "arn:aws:iam::111122223333:user/app", NotNamed},
		{"AWS " + account, user, ByAccount}, {"AWS " + account, session, ByAccount}, {"AWS " + account, fedUser, ByAccount},
		{"AWS " + account, root, Directly}, {"AWS " + root, root, Directly},
		{"AWS " + root, role, ByAccount},
		{"AWS " + root, strings.Replace(user, "arn:aws:", "arn:aws-cn:", 1), NotNamed},
		{"AWS " + account, service, NotNamed}, {"AWS " + account, Anonymous, NotNamed}, {"AWS " + account, saml, NotNamed},
		{"AWS 999999999999", user, NotNamed},
		{"Service " + service, service, Directly},
		{"Service " + service, "ec2.amazonaws.com", NotNamed},
		{"AWS " + service, service, NotNamed},
		{"Federated " + saml, saml, Directly}, {"Federated " + google, google, Directly},
		{"AWS " + saml, saml, NotNamed}, {"Service " + google, google, NotNamed},
		{"CanonicalUser " + user, user, NotNamed},
		// No wildcards but "*" alone, no unique ids, no groups.
		{"AWS arn:aws:iam::111122223333:user/*", user, NotNamed},
		{"AWS arn:aws:sts::111122223333:assumed-role/app/*", session, NotNamed},
		{"AWS arn:aws:iam::*:root", user, NotNamed},
		{"AWS AROAEXAMPLEID", role, NotNamed},
		{"AWS arn:aws:iam::111122223333:group/g", user, NotNamed},
		{"Service *", service, NotNamed}, {"Federated *", google, NotNamed},
		// The strongest way counts.
		{"AWS " + account + " " + role + " " + session, session, Directly},
		{"AWS * " + role, session, ByWildcard},
		{"AWS " + account + " " + role, session, ByRole},
		{"AWS " + account + " " + user, fedUser, ByParent},
		{"AWS", user, NotNamed},
	} {
		m := CompilePrincipal(principal(tt.principal))
		if got := m.Match(mustCaller(t, tt.caller)); got != tt.want {
			t.Errorf("%s names %s %s, want %s", tt.principal, tt.caller, got, tt.want)
		}
	}
	if got := CompilePrincipal(nil).Match(mustCaller(t, user)); got != NotNamed {
		t.Errorf("no principal names somebody %s", got)
	}
}

// principal reads "*", or a key and its values separated by spaces.
func principal(s string) *Principal {
	if s == "*" {
		return Everyone()
	}
	fields := strings.Fields(s)
	return PrincipalOf(fields[0], fields[1:]...)
}

// TestManyPrincipals goes beyond what is compared one by one.
func TestManyPrincipals(t *testing.T) {
	users := manyUsers(3 * fewest)
	m := CompilePrincipal(PrincipalOf(PrincipalAWS, users...))
	for _, text := range users {
		if got := m.Match(mustCaller(t, text)); got != Directly {
			t.Errorf("%s is named %s", text, got)
		}
	}
	if got := m.Match(mustCaller(t, user)); got != NotNamed {
		t.Errorf("%s is named %s", user, got)
	}
}

func TestExempts(t *testing.T) {
	for _, tt := range []struct {
		principal, caller string
		want              bool
	}{
		{"AWS " + user, user, false}, // the account is not named
		{"AWS " + account, user, false},
		{"AWS " + user + " " + account, user, true},
		{"AWS " + user + " " + root, user, true},
		{"AWS " + role + " " + account, role, true},
		{"AWS " + role + " " + account, session, false},
		{"AWS " + session + " " + account, session, false},
		{"AWS " + session + " " + role, session, false},
		{"AWS " + session + " " + role + " " + root, session, true},
		{"AWS " + session + " " + role + " 999999999999", session, false},
		{"AWS " + fedUser + " " + account, fedUser, false},
		{"AWS " + fedUser + " " + user + " " + account, fedUser, true},
		{"AWS " + account, root, true},
		{"Service " + service, service, true},
		{"AWS " + account, service, false},
		{"Federated accounts.google.com", "accounts.google.com", true},
		{"*", user, true},
		{"*", Anonymous, false},
		{"AWS *", Anonymous, false},
		{"AWS " + account, Anonymous, false},
	} {
		m := CompilePrincipal(principal(tt.principal))
		if got := m.Exempts(mustCaller(t, tt.caller)); got != tt.want {
			t.Errorf("NotPrincipal %s exempts %s: %v", tt.principal, tt.caller, got)
		}
	}
}

// FuzzPrincipal: a caller that parses is put together again from its parts, is
// named directly by itself (a role by role), and is exempt from NotPrincipal
// only where it is named.
func FuzzPrincipal(f *testing.F) {
	for _, seed := range []string{Anonymous, account, root, user, role, session, fedUser, service, "*", "arn:aws:iam::111122223333:saml-provider/x"} {
		f.Add(seed, root)
		f.Add(user, seed)
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		c, err := ParseCaller(text)
		if err != nil {
			return
		}
		if got := rebuilt(c); got != text {
			t.Fatalf("%q was taken apart as %+v, which is %q", text, c, got)
		}
		for key, want := range map[string]Strength{PrincipalAWS: ownStrength(c), PrincipalService: NotNamed, PrincipalFederated: NotNamed} {
			if c.Kind == CallerService && key == PrincipalService || c.Kind == CallerProvider && key == PrincipalFederated {
				want = Directly
			}
			if got := CompilePrincipal(PrincipalOf(key, text)).Match(&c); got != want {
				t.Fatalf("%s %q names itself %s, want %s", key, text, got, want)
			}
		}
		m := CompilePrincipal(PrincipalOf(PrincipalAWS, other))
		if m.Exempts(&c) && m.Match(&c) == NotNamed {
			t.Fatalf("%q exempts %q without naming it", other, text)
		}
	})
}

func rebuilt(c Caller) string {
	iam := fmt.Sprintf("arn:%s:iam::%s:", c.Partition, c.Account)
	sts := fmt.Sprintf("arn:%s:sts::%s:", c.Partition, c.Account)
	switch c.Kind {
	case CallerAnonymous:
		return Anonymous
	case CallerRoot:
		return iam + "root"
	case CallerUser:
		return iam + "user" + c.Path + c.Name
	case CallerRole:
		return iam + "role" + c.Path + c.Name
	case CallerSession:
		return sts + "assumed-role/" + c.Name + "/" + c.Session
	case CallerFederatedUser:
		return sts + "federated-user/" + c.Name
	case CallerProvider:
		if strings.HasPrefix(c.Text, iam+"saml-provider/") {
			return iam + "saml-provider/" + c.Name
		}
		return iam + "oidc-provider/" + c.Name
	}
	return c.Name
}

// ownStrength is how an AWS principal with a caller's own text names it.
func ownStrength(c Caller) Strength {
	switch c.Kind {
	case CallerAnonymous, CallerService, CallerProvider:
		return NotNamed
	case CallerRole:
		return ByRole
	}
	return Directly
}
