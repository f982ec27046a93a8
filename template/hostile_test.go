package template

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/source"
)

// chain writes resources each of whose names holds that of the next one n times.
func chain(resources, n int) string {
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range resources {
		fmt.Fprintf(&b, "  Q%d: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '%s'}}\n", i, strings.Repeat(fmt.Sprintf("${Q%d.QueueName}x", i+1), n))
	}
	fmt.Fprintf(&b, "  Q%d: {Type: AWS::SQS::Queue}\n", resources)
	b.WriteString("  P: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Q0], PolicyDocument: {Statement: {Effect: Deny, Principal: '*', Action: 'sqs:*', Resource: !GetAtt Q0.Arn}}}}\n")
	return b.String()
}

// inPolicy writes a template with one value in a policy.
func inPolicy(value, rest string) string {
	return "Resources:\n  P: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: {Effect: Allow, Action: 'a:B', Resource: " + value + "}}}}\n" + rest
}

func conditions(n int, format string) string {
	var b strings.Builder
	b.WriteString("Parameters: {E: {Type: String}}\nConditions:\n")
	for i := range n {
		fmt.Fprintf(&b, "  C%d: "+format+"\n", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "  C%d: !Equals [!Ref E, x]\n", n)
	return b.String()
}

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// Hostile templates end soon, with a finding that says what is wrong, or
// whole.
func TestHostile(t *testing.T) {
	nested := func(n int, open, inner, close string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(close, n)
	}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'l'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 9), ", "))
	}
	loops := "Transform: AWS::LanguageExtensions\nResources:\n"
	body := "'R${A}${B}${C}${D}${E}': {Type: AWS::SQS::Queue}"
	for _, name := range []string{"E", "D", "C", "B", "A"} {
		body = "{'Fn::ForEach::" + name + "': [" + name + ", [" + strings.TrimSuffix(strings.Repeat("x, ", 40), ", ") + "], " + wrap(body) + "]}"
	}
	loops += "  " + strings.TrimSuffix(strings.TrimPrefix(body, "{"), "}") + "\n"

	tests := []struct{ name, text, code string }{
		{"a name refers to itself", "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt Q.QueueName}}, " +
			"P: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Q], PolicyDocument: {Statement: {Effect: Deny, Principal: '*', Action: 'a:b', Resource: '*'}}}}}", "REFERENCE_CYCLE"},
		{"names refer in a circle", strings.ReplaceAll(chain(50, 1), "Q50: {Type: AWS::SQS::Queue}", "Q50: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Q0}}"), "REFERENCE_CYCLE"},
		{"a long chain of names", chain(5000, 1), "REFERENCE_TOO_DEEP"},
		{"names that double", chain(40, 2), "TEMPLATE_TOO_LARGE"},
		{"names of many", chain(10, 1000), "TEMPLATE_TOO_LARGE"},
		{"a condition refers to itself", conditions(0, "") + "  D: !Not [!Condition D]\n" + inPolicy("!If [D, a, b]", ""), "REFERENCE_CYCLE"},
		{"a long chain of conditions", conditions(3000, "!Not [!Condition C%d] # %d") + inPolicy("!If [C0, a, b]", ""), "REFERENCE_TOO_DEEP"},
		{"conditions that double", conditions(100, "!And [!Condition C%d, !Condition C%d]") + inPolicy("!If [C0, [a], b]", ""), "UNDECIDED_CONDITION"},
		{"conditions that double under assumptions", conditions(100, "!And [!Condition C%d, !Condition C%d]") + inPolicy("[!If [C0, [a], b], !If [C100, [a], b]]", ""), ""},
		{"too many cases", conditions(0, "") + repeat(20, "  D%d: !Equals [!Ref E, y%[1]d]\n") + inPolicy("["+repeat(20, "!If [D%d, a, !Ref AWS::NoValue], ")+"b]", ""), "TEMPLATE_UNREADABLE"},
		{"deep nesting", inPolicy(nested(400, "[", "a", "]"), ""), ""},
		{"too deep", inPolicy(nested(600, "[", "a", "]"), ""), "MALFORMED_YAML"},
		{"deep functions", inPolicy(nested(150, "{'Fn::Join': ['', [", "a", ", b]]}"), ""), ""},
		{"deep conditions", conditions(0, "") + inPolicy(nested(100, "!If [C0, ", "a", ", b]"), ""), ""},
		{"substitutions that double", inPolicy(nested(60, "{'Fn::Sub': ['${a}${a}', {a: ", "x", "}]}"), ""), "TEMPLATE_TOO_LARGE"},
		{"joined again and again", inPolicy(nested(60, "{'Fn::Join': ['', [x, ", "y", "]]}"), ""), ""},
		{"an alias bomb", bomb + inPolicy("*k", ""), "MALFORMED_YAML"},
		{"an alias in itself", "Resources: &r {A: *r}\n", "MALFORMED_YAML"},
		{"loops in loops", loops, "TEMPLATE_TOO_LARGE"},
		{"many unknown names", inPolicy("["+repeat(5000, "!Ref N%d, ")+"b]", ""), "TOO_MANY_FINDINGS"},
		{"many resources", "Resources:\n" + repeat(20000, "  Q%d: {Type: AWS::SQS::Queue}\n"), ""},
		{"many choices", conditions(0, "") + inPolicy("["+repeat(5000, "!If [C0, a%d, b], ")+"c]", ""), ""},
		{"a split of a long text", inPolicy("!Split [',', '"+strings.Repeat("a,", 500_000)+"']", ""), ""},
		{"a long map", "Mappings: {M: {" + repeat(20000, "k%d: {v: x}, ") + "l: {v: y}}}\nParameters: {E: {Type: String}}\n" + inPolicy("["+repeat(300, "!FindInMap [M, !Sub '${E}%d', v], ")+"b]", ""), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, list := Read(source.NewFile("t.yaml", tt.text), Options{})
			found := tt.code == ""
			for _, f := range list {
				found = found || f.Code == tt.code
				if len(f.Message) > 4096 {
					t.Errorf("%s: a message of %d bytes", f.Code, len(f.Message))
				}
			}
			if !found {
				t.Errorf("no %s among %d findings: %.2000v", tt.code, len(list), list)
			}
		})
	}
}

// wrap makes an object of the body of a loop.
func wrap(body string) string {
	if strings.HasPrefix(body, "{") {
		return body
	}
	return "{" + body + "}"
}

// Files that a template names never lie outside of its directory.
func TestOpenStaysInside(t *testing.T) {
	var opened []string
	open := func(name string) ([]byte, error) {
		opened = append(opened, name)
		return nil, os.ErrNotExist
	}
	for _, name := range []string{"../x.json", "/etc/passwd", "a/../../x.json", `..\x.json`, `C:\x.json`, "C:/x.json", "a/../b.json", "./c.json"} {
		text := "Transform: AWS::Serverless-2016-10-31\nResources: {M: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: '" + name + "'}}}\n"
		_, list := Read(source.NewFile("t.yaml", text), Options{Open: open})
		if len(list) != 1 || list[0].Code != "UNREADABLE_FILE" {
			t.Errorf("%s: %v", name, list)
		}
	}
	if got := strings.Join(opened, " "); got != "b.json c.json" {
		t.Errorf("opened %s", got)
	}
}

func FuzzRead(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(archive.Files[0].Data))
	}
	f.Add(prelude + "!Sub '${Queue.Arn}'\n")
	f.Fuzz(func(t *testing.T, text string) {
		files := map[string][]byte{"a.json": []byte(text), "b.yaml": []byte(text)}
		for _, name := range []string{"t", "t.json"} {
			got, list := Read(source.NewFile(name, text), options("option -account=123456789012", files))
			if got == nil && len(list) == 0 {
				t.Error("neither a template nor a finding")
			}
			for _, finding := range list {
				if finding.File != nil && int(finding.Span.End) > len(finding.File.Text) {
					t.Errorf("%s points past the end", finding.Code)
				}
			}
			if got != nil {
				again, second := Read(source.NewFile(name, text), options("option -account=123456789012", files))
				if dump(got, list) != dump(again, second) {
					t.Error("the same text gives another result")
				}
			}
		}
	})
}
