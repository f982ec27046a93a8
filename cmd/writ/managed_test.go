package main

import (
	"testing"
	"time"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// A trimmed policy allows nothing that the whole one does not, and less: proved,
// for each feature that has a permission of its own.
func TestTrimmedPoliciesAllowLess(t *testing.T) {
	proofs := 0
	for _, name := range []string{"AmazonEC2ContainerServiceforEC2Role", "AmazonECSTaskExecutionRolePolicy", "AmazonEC2ContainerServiceRole",
		"AmazonEC2ContainerServiceAutoscaleRole", "AmazonEC2ContainerServiceEventsRole"} {
		p, err := managed.Default().Policy(name)
		if err != nil {
			t.Fatal(err)
		}
		v := p.Newest()
		for _, feature := range p.Features {
			trimmed, err := p.Trim(v, managed.Choice{Only: []string{feature.Name}})
			if err != nil {
				t.Fatal(err)
			}
			if trimmed.Document == nil {
				continue // the feature came with a later version
			}
			proofs++
			set := func(doc *policy.Document) authz.Set {
				return authz.Set{Identity: []authz.Policy{{Name: name, Document: doc}}}
			}
			more, less, err := prove.Equal(t.Context(), set(trimmed.Document), set(v.Document), prove.Options{})
			if err != nil || more.Verdict != prove.Proved || less.Verdict != prove.Refuted {
				t.Errorf("%s, only %s: more %v, less %v, %v", name, feature.Name, more.Verdict, less.Verdict, err)
			}
		}
	}
	if proofs < 12 {
		t.Errorf("only %d choices were proved", proofs)
	}
}

// The largest of the policies is compared well within the limit.
func TestDiffByMeaningIsQuick(t *testing.T) {
	p, err := managed.Default().Policy("AmazonECS_FullAccess")
	if err != nil {
		t.Fatal(err)
	}
	trimmed, err := p.Trim(p.Newest(), managed.Choice{Without: []string{"task-roles"}})
	if err != nil {
		t.Fatal(err)
	}
	d := managedDiff{m: p, old: p.Newest(), new: &managed.Version{ID: "trimmed", Document: trimmed.Document}}
	start := time.Now()
	if err := d.texts(t.Context()); err != nil || d.gains.Verdict != prove.Proved || d.loses.Verdict != prove.Refuted || d.loses.Witness.Request.Action != "iam:PassRole" {
		t.Errorf("gains %v, loses %+v, %v", d.gains.Verdict, d.loses, err)
	}
	t.Logf("%v", time.Since(start))
}
