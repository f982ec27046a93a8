package roles_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// beside is what the templates of the console leave to whoever sets up the machine:
// passing roles, tagging, and what one call needs on other resources. So do they
// all calls of the AWS SDK.
var beside = map[roles.Purpose]bool{"pass-role": true, "tag": true, "dependent": true}

// TestLeastIsProvedContained proves for the machines of the corpus that the
// least role allows no request that the one of the console does not, whatever the
// request, grants beside the calls aside.
func TestLeastIsProvedContained(t *testing.T) {
	paths, _ := filepath.Glob("../../shared/corpus/asl/*.asl.json")
	if len(paths) == 0 {
		t.Skip("the corpus is not here")
	}
	compared := 0
	for _, path := range paths {
		name := filepath.Base(path)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, findings := asl.Parse(source.NewFile(name, string(text)), asl.Options{AllowPlaceholders: true})
		if m == nil || findings.HasErrors() {
			continue
		}
		least, _ := roles.Generate(m, roles.Options{Style: roles.Least, Name: "Machine", Region: "us-east-1", Account: "123456789012"})
		console, _ := roles.Generate(m, roles.Options{Style: roles.Console, Name: "Machine", Region: "us-east-1", Account: "123456789012"})
		if least == nil || console == nil {
			continue
		}
		compared++
		aside := &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{}}
		for _, grant := range least.Grants {
			if beside[grant.Purpose] || strings.HasPrefix(grant.Service, "aws-sdk:") {
				aside.Statements = append(aside.Statements, policy.Statement{
					Effect: policy.Allow, Action: policy.String(grant.Action), Resource: policy.String(grant.Resource),
				})
			}
		}
		wide := policiesOf(console)
		wide.Identity = append(wide.Identity, authz.Policy{Name: "aside", Document: aside})
		result, err := prove.Compare(t.Context(), policiesOf(least), wide, prove.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if result.Verdict != prove.Proved {
			t.Errorf("%s: %v %s", name, result.Verdict, result.Reason)
			if w := result.Witness; w != nil {
				t.Errorf("  %s on %s with %v", w.Request.Action, w.Request.Resource, w.Request.Context)
			}
		}
	}
	t.Logf("%d machines", compared)
	if compared < len(paths)/2 {
		t.Errorf("only %d of %d machines have both roles", compared, len(paths))
	}
}

func policiesOf(role *roles.Role) authz.Set {
	var set authz.Set
	for _, p := range role.Policies {
		set.Identity = append(set.Identity, authz.Policy{Name: p.Name, Document: p.Document})
	}
	return set
}
