package authz

import (
	"fmt"
	"testing"

	"github.com/writ-iam/writ/policy"
)

// TestMembersAreBounded answers one row after another, each about many actions: the
// plans that are kept for the next matrix must not become more and more.
func TestMembersAreBounded(t *testing.T) {
	doc, _ := policy.ParseString("own", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}]}`)
	own, _ := Prepare("own", doc)
	common, _ := Compile(Set{})
	var requests []Request
	const actions = 3000
	for i := range actions {
		for _, key := range []string{"a", "b", "c"} { // one of them makes the plan
			requests = append(requests, Request{Action: fmt.Sprintf("s3:Action%d", i), Resource: "arn:aws:s3:::b/" + key})
		}
	}
	most, rows := 0, maxMemberPlans/actions+5
	for i := range rows {
		p := Principal{ARN: fmt.Sprintf("arn:aws:iam::123456789012:role/r%d", i), Identity: []Policy{own}}
		if _, findings := common.DecideAll([]Principal{p}, requests); findings.HasErrors() {
			t.Fatal(findings)
		}
		kept := 0
		for _, m := range common.members.byARN {
			kept += m.engine.plans.size()
		}
		most = max(most, kept)
	}
	if most == 0 || most > maxMemberPlans {
		t.Errorf("%d plans were kept, want some and at most %d", most, maxMemberPlans)
	}
	if n := len(common.members.byARN); n == 0 || n >= rows {
		t.Errorf("%d members of %d", n, rows)
	}
}
