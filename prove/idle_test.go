package prove_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
	"github.com/writ-iam/writ/source"
)

func TestIdleStatements(t *testing.T) {
	for _, tt := range []struct {
		name, statements string
		want             []prove.Idle
	}{
		{"none", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, nil},
		{"contradiction", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"a"},"StringLike":{"k":"b*"}}}`, []prove.Idle{{Index: 0, Flaw: prove.Dead}}},
		{"an action that nothing bears", `{"Effect":"Deny","Action":"s3","Resource":"*"}`, []prove.Idle{{Index: 0, Flaw: prove.Dead}}},
		{"denied", `{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::*"}`,
			[]prove.Idle{{Index: 0, Flaw: prove.Shadowed}}},
		{"said twice", `{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`, []prove.Idle{{Index: 1, Flaw: prove.Redundant}}},
		{"two that cover each other", `{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"S3:*","Resource":"*"}`, []prove.Idle{{Index: 1, Flaw: prove.Redundant}}},
		{"covered by two together", `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Null":{"k":"true"}}},{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Null":{"k":"false"}}},
			{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`, []prove.Idle{{Index: 2, Flaw: prove.Redundant}}},
		{"a deny that denies nothing", `{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"ec2:*","Resource":"*"}`, []prove.Idle{{Index: 1, Flaw: prove.Redundant}}},
	} {
		doc := parse(t, `{"Version":"2012-10-17","Statement":[`+tt.statements+`]}`)
		got, undecided, err := prove.IdleStatements(t.Context(), doc, prove.Options{})
		if err != nil || undecided > 0 {
			t.Errorf("%s: %d undecided, %v", tt.name, undecided, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestCheckIsProved holds what writ check says of statements without effect against
// proofs, on random policies.
func TestCheckIsProved(t *testing.T) {
	rounds := 4000
	if testing.Short() || raceEnabled {
		rounds = 300
	}
	proved := map[string]int{}
	for seed := range uint64(rounds) {
		g := newGenerator(seed + 1<<35)
		p := g.policy()
		p.Statement = append(p.Statement, g.near(testPolicy{Statement: slices.Clone(p.Statement)}).Statement...)
		doc := p.document(t)
		result, err := check.File(source.NewFile("policy.json", text(t, doc)), check.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range result.Findings {
			var i int
			if _, err := fmt.Sscanf(f.Path, "/Statement/%d", &i); err != nil {
				continue
			}
			without := func(keep func(j int) bool) authz.Set {
				out := &policy.Document{Version: doc.Version, Statements: []policy.Statement{}}
				for j := range doc.Statements {
					if keep(j) {
						out.Statements = append(out.Statements, doc.Statements[j])
					}
				}
				return prove.Identity(out)
			}
			var now, old authz.Set
			switch f.Code {
			case "WRIT_DEAD_STATEMENT":
				alone := doc.Statements[i]
				alone.Effect = policy.Allow
				now, old = prove.Identity(&policy.Document{Version: doc.Version, Statements: []policy.Statement{alone}}), authz.Set{}
			case "WRIT_DENIED_STATEMENT":
				now, old = without(func(j int) bool { return j == i || doc.Statements[j].Effect == policy.Deny }), authz.Set{}
			case "WRIT_SHADOWED_STATEMENT":
				now, old = without(func(int) bool { return true }), without(func(j int) bool { return j != i })
				if doc.Statements[i].Effect == policy.Deny {
					now, old = old, now
				}
			default:
				continue
			}
			answer, err := prove.Compare(t.Context(), now, old, prove.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if answer.Verdict == prove.Refuted {
				t.Errorf("seed %d: check says %s of statement %d (%s), but it matters for %v\n%s", seed, f.Code, i, f.Message, answer.Witness.Request, text(t, doc))
			}
			proved[strings.TrimPrefix(f.Code, "WRIT_")+" "+answer.Verdict.String()]++
		}
	}
	t.Log(proved)
}
