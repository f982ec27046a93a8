package policy

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func walked(doc *Document, below func(node any) bool) []string {
	var got []string
	Walk(doc, func(at Place, node any) bool {
		line := fmt.Sprintf("%T %s", node, at.Pointer())
		if v, ok := node.(*Value); ok {
			line += " " + v.Text
		}
		got = append(got, line)
		return below(node)
	})
	return got
}

func TestWalk(t *testing.T) {
	doc := &Document{Statements: []Statement{
		{Action: String("a:b"), Resource: Strings("r1", "r2"), Principal: PrincipalOf("A/WS", "x", "y")},
		{NotAction: Strings(), NotPrincipal: Everyone(), NotResource: String("n"), Condition: Where("Bool", "k/~", "true").And("Null", "", "1", "2")},
	}}
	want := []string{
		"*policy.Document ",
		"*policy.Statement /Statement/0",
		"*policy.Principal /Statement/0/Principal",
		"*policy.PrincipalGroup /Statement/0/Principal/A~1WS",
		"*policy.Value /Statement/0/Principal/A~1WS/0 x",
		"*policy.Value /Statement/0/Principal/A~1WS/1 y",
		"*policy.List /Statement/0/Action",
		"*policy.Value /Statement/0/Action a:b",
		"*policy.List /Statement/0/Resource",
		"*policy.Value /Statement/0/Resource/0 r1",
		"*policy.Value /Statement/0/Resource/1 r2",
		"*policy.Statement /Statement/1",
		"*policy.Principal /Statement/1/NotPrincipal",
		"*policy.List /Statement/1/NotAction",
		"*policy.List /Statement/1/NotResource",
		"*policy.Value /Statement/1/NotResource n",
		"*policy.Condition /Statement/1/Condition",
		"*policy.ConditionBlock /Statement/1/Condition/Bool",
		"*policy.ConditionKey /Statement/1/Condition/Bool/k~1~0",
		"*policy.Value /Statement/1/Condition/Bool/k~1~0 true",
		"*policy.ConditionBlock /Statement/1/Condition/Null",
		"*policy.ConditionKey /Statement/1/Condition/Null/",
		"*policy.Value /Statement/1/Condition/Null//0 1",
		"*policy.Value /Statement/1/Condition/Null//1 2",
	}
	if diff := cmp.Diff(want, walked(doc, func(any) bool { return true })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want = []string{"*policy.Document ", "*policy.Statement /Statement/0", "*policy.Statement /Statement/1"}
	got := walked(doc, func(node any) bool { _, isStatement := node.(*Statement); return !isStatement })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Walk goes below where visit says no (-want +got):\n%s", diff)
	}
}
