package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
)

func TestMatchAction(t *testing.T) {
	for _, tt := range []struct {
		entry, action string
		want          bool
	}{
		{"ecs:RunTask", "ecs:RunTask", true},
		{"ECS:runtask", "ecs:RunTask", true},
		{"ecs:RunTask", "ECS:RUNTASK", true},
		{"ecs:RunTask", "ecs:RunTasks", false},
		{"ecs:Run*", "ecs:RunTask", true},
		{"ecs:*Task", "ecs:RunTask", true},
		{"ecs:Describe*s", "ecs:DescribeTasks", true},
		{"ecs:RunTas?", "ecs:RunTask", true},
		{"ecs:RunTask?", "ecs:RunTask", false},
		{"ecs:RunTask*", "ecs:RunTask", true},
		{"ecs:*", "ecs:RunTask", true},
		{"ecs:*", "ecsx:RunTask", false},
		{"*", "ecs:RunTask", true},
		{"**", "ecs:RunTask", true},
		{"*:*", "ecs:RunTask", true},
		{"*:RunTask", "ecs:RunTask", true},
		{"e?s:RunTask", "ecs:RunTask", true},
		{"ec*:RunTask", "ecs:RunTask", true},
		{"ecs*", "ecs:RunTask", false}, // * does not cross the colon
		{"*RunTask", "ecs:RunTask", false},
		{"e*k", "ecs:RunTask", false},
		{"ecs?RunTask", "ecs:RunTask", false},
		{"ecs", "ecs:RunTask", false},
		{"", "ecs:RunTask", false},
		{"ecs:", "ecs:RunTask", false},
		{":", "ecs:RunTask", false},
		{"s3:GetO.ject", "s3:GetObject", false},
		{"s3:Get[Oo]bject", "s3:GetObject", false},
	} {
		if got := MatchAction(tt.entry, tt.action); got != tt.want {
			t.Errorf("MatchAction(%q, %q) = %v", tt.entry, tt.action, got)
		}
	}
}

func TestActionService(t *testing.T) {
	for entry, want := range map[string]string{"ECS:RunTask": "ecs", "s3:*": "s3", "S3:Get?": "s3"} {
		if service, ok := CompileAction(entry).Service(); !ok || service != want {
			t.Errorf("CompileAction(%q).Service() = %q, %v; want %q", entry, service, ok, want)
		}
	}
	for _, entry := range []string{"*", "*:*", "e?s:*", "ecs", "ecs*"} {
		if service, ok := CompileAction(entry).Service(); ok {
			t.Errorf("CompileAction(%q).Service() = %q, want none", entry, service)
		}
	}
}

func TestActionMatcher(t *testing.T) {
	for _, tt := range []struct {
		name      string
		statement Statement
		want      string // which of the actions below match
	}{
		{"Action", Statement{Action: Strings("ecs:Run*", "s3:*")}, "ecs:RunTask s3:GetObject"},
		{"NotAction", Statement{NotAction: Strings("ecs:Run*", "s3:*")}, "ecs:StopTask"},
		{"empty Action", Statement{Action: Strings()}, ""},
		{"empty NotAction", Statement{NotAction: Strings()}, "ecs:RunTask ecs:StopTask s3:GetObject"},
		{"neither", Statement{}, ""},
		{"NotAction *", Statement{NotAction: String("*")}, ""},
	} {
		m := CompileActions(&tt.statement)
		var got []string
		for _, action := range []string{"ecs:RunTask", "ecs:StopTask", "s3:GetObject"} {
			if m.Match(action) {
				got = append(got, action)
			}
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s matches %q, want %q", tt.name, got, tt.want)
		}
	}
}

// values is a resolver over a table, by the names of variables.
func values(table *VariableTable, context map[string]string) func(int) (string, bool) {
	return func(slot int) (string, bool) {
		v := table.Variables()[slot]
		if text, ok := context[v.Name]; ok {
			return text, true
		}
		return v.Default, v.HasDefault
	}
}

func TestCompileResource(t *testing.T) {
	context := map[string]string{"aws:username": "ana", "tag": "a*b", "colon": "x:y"}
	for _, tt := range []struct {
		entry, resource string
		want            bool
	}{
		{"*", "*", true},
		{"*", "arn:aws:s3:::b", true},
		{"arn:aws:s3:::*", "*", false},
		{"arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/ana/x", true},
		{"arn:aws:s3:::home/${AWS:UserName}/*", "arn:aws:s3:::home/ana/x", true},
		{"arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/bob/x", false},
		{"arn:aws:s3:::${aws:userid}", "arn:aws:s3:::", false}, // no value
		{"arn:aws:s3:::${aws:userid, 'none'}", "arn:aws:s3:::none", true},
		{"arn:aws:s3:::${aws:username, 'none'}", "arn:aws:s3:::none", false},
		{"arn:aws:s3:::${tag}", "arn:aws:s3:::a*b", true},
		{"arn:aws:s3:::${tag}", "arn:aws:s3:::axb", false}, // substituted text is data
		{"arn:aws:sqs:*:*:${aws:username}-queue", "arn:aws:sqs:us-east-1:111122223333:ana-queue", true},
		{"arn:aws:s3:::a${*}b", "arn:aws:s3:::a*b", true},
		{"arn:aws:s3:::a${*}b", "arn:aws:s3:::axb", false},
		{"arn:aws:s3:::a${?}b", "arn:aws:s3:::a?b", true},
		{"arn:aws:s3:::a${$}{aws:username}", "arn:aws:s3:::a${aws:username}", true},
		{"arn:aws:s3:::${colon}", "arn:aws:s3:::x:y", true},
		// Before the fifth colon ${...} is plain text, with its own colon.
		{"arn:aws:iam::${aws:username}:user/x", "arn:aws:iam::ana:user/x", false},
		{"arn:aws:iam:${aws:username}:user/x", "arn:aws:iam:${aws:username}:user/x", true},
		{"${aws:username}", "ana", false},
	} {
		var table VariableTable
		entry := CompileResource(tt.entry, &table)
		if got := entry.MatchVars(tt.resource, values(&table, context)); got != tt.want {
			t.Errorf("%s matches %s: %v", tt.entry, tt.resource, got)
		}
	}
	if !CompileResource("arn:aws:s3:::${aws:username}", nil).Match("arn:aws:s3:::${aws:username}") {
		t.Error("without a table ${...} is not plain text")
	}
}

func TestResourceMatcher(t *testing.T) {
	for _, tt := range []struct {
		name      string
		statement Statement
		want      string
	}{
		{"Resource", Statement{Resource: Strings("arn:aws:s3:::a", "arn:aws:s3:::${aws:username}")}, "arn:aws:s3:::a arn:aws:s3:::ana"},
		{"NotResource", Statement{NotResource: Strings("arn:aws:s3:::a", "arn:aws:s3:::${aws:username}")}, "* arn:aws:s3:::b"},
		{"NotResource without value", Statement{NotResource: String("arn:aws:s3:::${aws:userid}")}, "* arn:aws:s3:::a arn:aws:s3:::b arn:aws:s3:::ana"},
		{"empty Resource", Statement{Resource: Strings()}, ""},
		{"empty NotResource", Statement{NotResource: Strings()}, "* arn:aws:s3:::a arn:aws:s3:::b arn:aws:s3:::ana"},
		{"neither", Statement{}, "* arn:aws:s3:::a arn:aws:s3:::b arn:aws:s3:::ana"},
	} {
		var table VariableTable
		m := CompileResources(&tt.statement, &table)
		var got []string
		for _, resource := range []string{"*", "arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:s3:::ana"} {
			if m.Match(resource, values(&table, map[string]string{"aws:username": "ana"})) {
				got = append(got, resource)
			}
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s matches %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestVariableTable(t *testing.T) {
	var table VariableTable
	a := table.Slot(Variable{Name: "aws:UserName"})
	if b := table.Slot(Variable{Name: "AWS:username"}); b != a {
		t.Error("letter case makes a variable of its own")
	}
	if c := table.Slot(Variable{Name: "aws:username", HasDefault: true}); c == a {
		t.Error("a variable with a default shares the number of one without")
	}
	want := []Variable{{Name: "aws:username"}, {Name: "aws:username", HasDefault: true}}
	if diff := cmp.Diff(want, table.Variables()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPieces(t *testing.T) {
	var table VariableTable
	for _, tt := range []struct {
		text, s    string
		like, want bool
	}{
		{"a*", "a*", false, true},
		{"a*", "ab", false, false},
		{"a*", "ab", true, true},
		{"a${*}", "a*", true, true},
		{"a${*}", "ab", true, false},
		{"a${*}", "a*", false, true},
		{"${aws:username}*", "ana*", false, true},
		{"${aws:username}*", "anabel", true, true},
	} {
		compiled := pattern.Dialect{}.Compile(table.Pieces(tt.text, tt.like)...)
		if got := compiled.MatchVars(tt.s, values(&table, map[string]string{"aws:username": "ana"})); got != tt.want {
			t.Errorf("%q (like %v) matches %q: %v", tt.text, tt.like, tt.s, got)
		}
	}
}

func TestMatchersDoNotAllocate(t *testing.T) {
	statement := Statement{
		Action:   Strings("s3:Get*", "ecs:RunTask", "ecs:*Task*"),
		Resource: Strings("arn:aws:s3:::b/*", "arn:aws:ecs:*:*:task/${aws:username}/*"),
	}
	principal := CompilePrincipal(&Principal{Groups: []PrincipalGroup{{Key: PrincipalAWS, Values: *Strings(manyUsers(40)...)}}})
	caller, err := ParseCaller("arn:aws:sts::111122223333:assumed-role/app/s")
	if err != nil {
		t.Fatal(err)
	}
	var table VariableTable
	actions, resources := CompileActions(&statement), CompileResources(&statement, &table)
	value := func(int) (string, bool) { return "ana", true }
	for name, f := range map[string]func(){
		"actions":    func() { actions.Match("ecs:StopTasks") },
		"resources":  func() { resources.Match("arn:aws:ecs:eu-west-1:111122223333:task/ana/1", value) },
		"principals": func() { principal.Match(&caller) },
		"exemption":  func() { principal.Exempts(&caller) },
		"caller":     func() { _, _ = ParseCaller("arn:aws:iam::111122223333:role/a/b") },
	} {
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func manyUsers(n int) []string {
	users := make([]string, n)
	for i := range users {
		users[i] = fmt.Sprintf("arn:aws:iam::111122223333:user/u%d", i)
	}
	return users
}

func BenchmarkMatch(b *testing.B) {
	statement := Statement{
		Action:   Strings("ecs:RunTask", "ecs:Describe*", "iam:PassRole"),
		Resource: Strings("arn:aws:ecs:us-east-1:111122223333:task/${aws:username}/*", "arn:aws:ecs:us-east-1:111122223333:cluster/*"),
	}
	var table VariableTable
	actions, resources := CompileActions(&statement), CompileResources(&statement, &table)
	principal := CompilePrincipal(PrincipalOf(PrincipalAWS, "111122223333", "arn:aws:iam::444455556666:role/app"))
	caller, err := ParseCaller("arn:aws:sts::444455556666:assumed-role/app/session")
	if err != nil {
		b.Fatal(err)
	}
	value := func(int) (string, bool) { return "ana", true }
	for _, bench := range []struct {
		name string
		f    func() bool
	}{
		{"action", func() bool { return actions.Match("iam:PassRole") }},
		{"resource", func() bool { return resources.Match("arn:aws:ecs:us-east-1:111122223333:cluster/web", value) }},
		{"variable", func() bool { return resources.Match("arn:aws:ecs:us-east-1:111122223333:task/ana/1", value) }},
		{"principal", func() bool { return principal.Match(&caller) == ByRole }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !bench.f() {
					b.Fatal("no match")
				}
			}
		})
	}
}

func TestMayBeARN(t *testing.T) {
	for entry, want := range map[string]bool{
		"*": true, "a*": true, "?rn:aws:s3:::b": true, "arn:aws:s3:::b": true, "${aws:PrincipalTag/arn}": true, "arn": false, "": false, "b*": false,
		"execute-api:/*": false, "example-bucket/*": false, hole.Text("Queue.Arn"): true, "x" + hole.Text("Name"): false,
	} {
		if got := MayBeARN(entry); got != want {
			t.Errorf("%q: %v", entry, got)
		}
	}
}
