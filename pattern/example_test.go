package pattern_test

import (
	"fmt"

	"github.com/writ-iam/writ/pattern"
)

func ExampleMatch() {
	fmt.Println(pattern.Match("arn:aws:s3:::logs-*/20??/*", "arn:aws:s3:::logs-eu/2026/a.gz"))
	// Output: true
}

// A statement allows all of a bucket; others deny two of its folders.
func ExampleWitness() {
	allow := []*pattern.Pattern{pattern.Compile("bucket/?*")}
	deny := []*pattern.Pattern{pattern.Compile("bucket/x*"), pattern.Compile("bucket/?")}
	fmt.Println(pattern.Witness(allow, deny))
	// Output: bucket/yy yes
}

func ExampleIntersect() {
	both, _ := pattern.Intersect(pattern.Compile("team-*"), pattern.Compile("*-prod"))
	for _, p := range both {
		fmt.Println(p)
	}
	// Output:
	// team-prod
	// team-*-prod
}

func ExamplePattern_MatchVars() {
	resource := pattern.Dialect{Colons: 5, OpenEnd: true}
	home := resource.Compile(
		pattern.Wild("arn:aws:s3:::homes/"), pattern.Var(0, "aws:username"), pattern.Wild("/*"))
	user := func(int) (string, bool) { return "alice", true }
	fmt.Println(home)
	fmt.Println(home.MatchVars("arn:aws:s3:::homes/alice/notes", user))
	fmt.Println(home.MatchVars("arn:aws:s3:::homes/bob/notes", user))
	// Output:
	// arn:aws:s3:::homes/${aws:username}/*
	// true
	// false
}
