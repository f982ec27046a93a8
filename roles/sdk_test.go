package roles

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/source"
)

// sdkCase is one call in testdata/sdk, whose README.md describes the files.
type sdkCase struct {
	where     string // file and line
	call      string // "s3:getObject"
	arguments string // JSON
	grants    []string
	codes     []string // of findings that must be there
}

// sdkPlaces abbreviates ARNs in the files.
var sdkPlaces = strings.NewReplacer(":HERE:", ":"+here.Region+":"+here.Account+":", ":ACCOUNT:", ":"+here.Account+":", "/ACCOUNT/", "/"+here.Account+"/")

func readSDKCases(t testing.TB, glob string) []sdkCase {
	t.Helper()
	paths, err := filepath.Glob(glob)
	if err != nil {
		t.Fatal(err)
	}
	var cases []sdkCase
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			where := fmt.Sprintf("%s:%d", path, n)
			line = strings.TrimRight(sdkPlaces.Replace(line), "\n")
			content, indented := strings.CutPrefix(line, "  ")
			switch {
			case line == "" || line[0] == '#':
			case !indented:
				call, arguments, _ := strings.Cut(line, " ")
				cases = append(cases, sdkCase{where: where, call: call, arguments: arguments})
			case len(cases) == 0:
				t.Fatalf("%s: a grant of no call", where)
			default:
				cases[len(cases)-1].add(t, where, content)
			}
		}
	}
	return cases
}

func (c *sdkCase) add(t testing.TB, where, line string) {
	t.Helper()
	fields := strings.Fields(line)
	switch {
	case fields[0] == "says" && len(fields) == 2:
		c.codes = append(c.codes, fields[1])
	case len(fields) == 1 && fields[0] == "nothing":
	case len(fields) == 2, len(fields) == 4 && fields[2] == "to", len(fields) > 4 && fields[2] == "if":
		c.grants = append(c.grants, line)
	default:
		t.Fatalf("%s: %q is not ACTION RESOURCE, ACTION RESOURCE to SERVICE, ACTION RESOURCE if CONDITION, says CODE or nothing", where, line)
	}
}

// sdkMachine calls an operation with arguments in JSON; "" is a Task without
// Parameters.
func sdkMachine(t testing.TB, call, field, arguments string) *asl.StateMachine {
	t.Helper()
	m, findings := asl.Parse(source.NewFile("m.json", sdkDefinition(call, field, arguments)), asl.Options{})
	if findings.HasErrors() {
		t.Fatalf("%s %s: %v", call, arguments, findings)
	}
	return m
}

func sdkDefinition(call, field, arguments string) string {
	language := "JSONPath"
	if field == "Arguments" {
		language = "JSONata"
	}
	if arguments != "" {
		arguments = fmt.Sprintf("%q: %s,", field, arguments)
	}
	return fmt.Sprintf(`{"QueryLanguage": %q, "StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:%s", %s "End": true}}}`,
		language, call, arguments)
}

// What a call needs, written by hand from the service authorization reference.
func TestSDKCalls(t *testing.T) {
	cases := readSDKCases(t, "testdata/sdk/*.txt")
	services := map[string]bool{}
	for _, c := range cases {
		service, _, _ := strings.Cut(c.call, ":")
		services[service] = true
		if diff := c.diff(t); diff != "" {
			t.Errorf("%s: %s %s (-want +got):\n%s", c.where, c.call, c.arguments, diff)
		}
	}
	t.Logf("%d calls of %d services", len(cases), len(services))
	if len(cases) < minSDKCases || len(services) < minSDKServices {
		t.Errorf("%d calls of %d services; once there were %d of %d", len(cases), len(services), minSDKCases, minSDKServices)
	}
}

// So many cases there are at least, lest a change of the reader skips some.
const minSDKCases, minSDKServices = 300, 60

// diff compares what a call is granted with what it should be.
func (c *sdkCase) diff(t *testing.T) string {
	t.Helper()
	opts := withStyle(Least)
	opts.NoPassRole = false
	role, findings := Generate(sdkMachine(t, c.call, "Parameters", c.arguments), opts)
	if role == nil {
		return fmt.Sprint("no role: ", findings)
	}
	for _, code := range c.codes {
		if !hasCode(findings, code) {
			t.Errorf("%s: %s: no finding %s in %v", c.where, c.call, code, findings)
		}
	}
	slices.Sort(c.grants)
	return cmp.Diff(slices.Compact(c.grants), sdkGrantLines(role))
}

func sdkGrantLines(role *Role) []string {
	var lines []string
	for _, gr := range role.Grants {
		line := gr.Action + " " + gr.Resource
		for _, c := range gr.Conditions {
			if c.Operator == "StringEquals" && c.Key == "iam:PassedToService" {
				line += " to " + strings.Join(c.Values, ",")
			} else {
				line += conditionLine([]Condition{c})
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func hasCode(findings source.List, code string) bool {
	return slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Code == code })
}

// The rest holds for every operation of the SDK.

// spelling is a way to give the members of an operation that its facts name.
type spelling struct {
	name  string
	value func(m sdkMember) (value any, dynamic bool)
}

// sdkMember is a member that the facts of an operation name, with a value that
// has the form that they give it, and one that is an ARN.
type sdkMember struct {
	path, text, arn string
}

var (
	byName = spelling{"names", func(m sdkMember) (any, bool) { return m.text, false }}
	byARN  = spelling{"ARNs", func(m sdkMember) (any, bool) { return m.arn, false }}
	atRun  = spelling{"dynamic", func(sdkMember) (any, bool) { return "$.x", true }}
)

// members lists what the facts of an operation name.
func members(t testing.TB, op *catalog.Operation) []sdkMember {
	var out []sdkMember
	add := func(path, text, arn string) {
		if path == "" {
			return
		}
		if member, view, ok := strings.Cut(path, "#"); ok {
			path, text = member, viewSample(t, view, text)
			if !strings.HasPrefix(text, "arn:") || !strings.HasPrefix(arn, "arn:") {
				arn = text
			}
		}
		if i := slices.IndexFunc(out, func(m sdkMember) bool { return m.path == path }); i < 0 {
			out = append(out, sdkMember{path, text, arn})
		}
	}
	for _, need := range op.Needs {
		for _, r := range need.Resources {
			formats := r.Formats
			if len(formats) == 0 {
				formats = formatsOf(need.Action)
			}
			for _, b := range r.Bindings {
				text := "my-name"
				if b.Shape != "" {
					text = sampleFormat(strings.ReplaceAll(b.Shape, "*", "any"))
				}
				whole := text
				if b.Shape == "" && len(formats) > 0 {
					whole = sampleFormat(withConstants(formats[0], r.Bindings))
				}
				add(b.Member, text, whole)
			}
		}
	}
	for _, r := range op.Roles {
		arn := "arn:aws:iam::123456789012:role/my-role"
		if r.InstanceProfile {
			arn = "arn:aws:iam::123456789012:instance-profile/my-role"
		}
		add(r.Member, "my-role", arn)
	}
	for _, need := range op.Needs {
		for _, guard := range need.When {
			if !guard.Absent {
				text := strings.Trim(strings.ReplaceAll(guard.Pattern, "*", " x "), " ")
				add(guard.Member, text, text)
			}
		}
	}
	return out
}

// viewSample is a text in which a view finds something.
func viewSample(t testing.TB, view, text string) string {
	t.Helper()
	if list, not := strings.CutPrefix(view, "!"); strings.HasPrefix(list, "(") {
		if not {
			return text
		}
		first, _, _ := strings.Cut(strings.Trim(list, "()"), ",")
		return concreteARN.Replace(first)
	}
	sample, ok := map[string]string{
		"selected": `SELECT * FROM "my-name"`, "inserted": `INSERT INTO "my-name" VALUE {}`, "updated": `UPDATE "my-name" SET a = 1`,
		"deleted": `DELETE FROM "my-name" WHERE a = 1`, "copied": "my-name/my-name", "version": "my-name/my-name?versionId=1",
		"encoded": text, "prefix": text, "unrevised": text, "lower": text, "writes": "DROP TABLE t", "addressed": "me@example.com",
	}[view]
	if !ok {
		t.Fatalf("no sample for the view %s", view)
	}
	return sample
}

// withConstants puts in what no member tells, as it is always the same.
func withConstants(format string, bindings []catalog.Binding) string {
	for _, b := range bindings {
		if b.Member == "" {
			format = strings.ReplaceAll(format, "${"+b.Placeholder+"}", b.Default)
		}
	}
	return format
}

func sampleFormat(format string) string {
	text := strings.ReplaceAll(format, "${", "{")
	for _, name := range captureNames(text) {
		value := map[string]string{"Partition": "aws", "Region": "us-east-1", "Account": "123456789012"}[name]
		if value == "" {
			value = "my-name"
		}
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return concreteARN.Replace(text)
}

// concreteARN replaces what formats leave open.
var concreteARN = strings.NewReplacer(":*:*:", ":us-east-1:123456789012:", ":*:", ":123456789012:", "*", "any", "?", "x")

// arguments writes a request with all members in one way.
func (s spelling) arguments(t testing.TB, op *catalog.Operation) string {
	t.Helper()
	args := map[string]any{}
	for _, m := range members(t, op) {
		value, dynamic := s.value(m)
		putMember(args, strings.Split(m.path, "."), value, dynamic)
	}
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// putMember sets a member, unless another one holds or lies in the same place.
func putMember(into map[string]any, path []string, value any, dynamic bool) {
	name, kind := path[0], ""
	for _, suffix := range []string{"[]", "{}", "{key}"} {
		if plain, ok := strings.CutSuffix(name, suffix); ok {
			name, kind = plain, suffix
		}
	}
	if _, taken := into[name+".$"]; taken {
		return
	}
	leaf := len(path) == 1
	switch {
	case leaf && dynamic:
		if into[name] == nil {
			into[name+".$"] = value
		}
		return
	case kind == "{key}":
		if into[name] == nil {
			into[name] = map[string]any{fmt.Sprint(value): map[string]any{}}
		}
		return
	case leaf && kind == "":
		if into[name] == nil {
			into[name] = value
		}
		return
	case leaf && kind == "[]":
		if into[name] == nil {
			into[name] = []any{value}
		}
		return
	}
	inner := map[string]any{}
	switch old := into[name].(type) {
	case map[string]any:
		inner = old
		if kind == "{}" {
			inner, _ = old["one"].(map[string]any)
		}
	case []any:
		inner, _ = old[0].(map[string]any)
	case nil:
		switch kind {
		case "[]":
			into[name] = []any{inner}
		case "{}":
			into[name] = map[string]any{"one": inner}
		default:
			into[name] = inner
		}
	}
	if inner != nil && !leaf {
		putMember(inner, path[1:], value, dynamic)
	}
}

// eachOperation visits all of the SDK, one subtest for each service.
func eachOperation(t *testing.T, visit func(t *testing.T, call string, op *catalog.Operation)) {
	t.Helper()
	names, err := catalog.Default().SDKServices()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		s, err := catalog.Default().ServiceBySDKName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range s.Ops {
			visit(t, name+":"+op.Name, op)
		}
	}
}

func TestEverySDKCallGivesWholeGrants(t *testing.T) {
	eachOperation(t, func(t *testing.T, call string, op *catalog.Operation) {
		requests := map[string]string{"no parameters": "{}", "the input": ""}
		for _, s := range []spelling{byName, byARN, atRun} {
			requests[s.name] = s.arguments(t, op)
		}
		for way, arguments := range requests {
			role, findings := Generate(sdkMachine(t, call, "Parameters", arguments), withStyle(Least))
			checkSDKRole(t, call+" with "+way, role, findings)
		}
		role, findings := Generate(sdkMachine(t, call, "Arguments", `"{% $states.input %}"`), withStyle(Least))
		checkSDKRole(t, call+" with an expression", role, findings)
		if len(members(t, op)) > 0 && !hasCode(findings, "ARGUMENTS_UNKNOWN") {
			t.Errorf("%s: nothing said of arguments that are an expression", call)
		}
	})
}

func checkSDKRole(t *testing.T, name string, role *Role, findings source.List) {
	t.Helper()
	if role == nil {
		t.Errorf("%s: no role: %v", name, findings)
		return
	}
	for _, gr := range role.Grants {
		checkGrant(t, name, gr)
		if _, err := catalog.Default().Action(gr.Action); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		bounded := slices.ContainsFunc(gr.Conditions, func(c Condition) bool { return c.Key == "iam:PassedToService" })
		if gr.Action == "iam:PassRole" && !bounded && !hasCode(findings, "PASSED_TO_UNKNOWN") {
			t.Errorf("%s: iam:PassRole on %s to any service, and no word of it", name, gr.Resource)
		}
	}
}

// A call that needs something has grants.
func TestEverySDKCallIsGrantedItsAction(t *testing.T) {
	eachOperation(t, func(t *testing.T, call string, op *catalog.Operation) {
		if len(op.Needs) == 0 && op.Without == "" {
			t.Errorf("%s: neither actions nor a reason", call)
		}
		role, _ := Generate(sdkMachine(t, call, "Parameters", atRun.arguments(t, op)), withStyle(Least))
		for _, need := range op.Needs {
			if need.Purpose != catalog.Call || slices.ContainsFunc(need.When, func(g catalog.Guard) bool { return g.Absent }) {
				continue
			}
			if role == nil || !slices.ContainsFunc(role.Grants, func(gr Grant) bool { return gr.Action == need.Action }) {
				t.Errorf("%s: no grant of %s", call, need.Action)
			}
		}
	})
}

// A call that needs something is granted something, or it is said that it is not.
func TestNoSDKCallIsSilentlyGrantedNothing(t *testing.T) {
	eachOperation(t, func(t *testing.T, call string, op *catalog.Operation) {
		for _, arguments := range []string{"{}", byName.arguments(t, op), byARN.arguments(t, op), atRun.arguments(t, op)} {
			role, findings := Generate(sdkMachine(t, call, "Parameters", arguments), withStyle(Least))
			if len(op.Needs) > 0 && (role == nil || len(role.Grants) == 0) && !Undecided(findings) {
				t.Errorf("%s %s: no grant, and no word of it", call, arguments)
			}
		}
	})
}

// Each condition is met by a value of the type that the member has.
func TestSDKGuardsCanHold(t *testing.T) {
	eachOperation(t, func(t *testing.T, call string, op *catalog.Operation) {
		for _, need := range op.Needs {
			for _, guard := range need.When {
				if guard.Absent {
					continue
				}
				args := map[string]any{}
				sample := typedSample(guard.Pattern)
				member, view, viewed := strings.Cut(guard.Member, "#")
				if viewed {
					sample = viewSample(t, view, "my-name")
				}
				putMember(args, strings.Split(member, "."), sample, false)
				text, err := json.Marshal(args)
				if err != nil {
					t.Fatal(err)
				}
				g := newGenerator(sdkMachine(t, call, "Parameters", string(text)), withStyle(Least))
				c, ok := g.resolve(&g.machine.States[0])
				if !ok || !g.guarded(c, []catalog.Guard{guard}) {
					t.Errorf("%s: %s does not hold in %s", call, guard.Member, text)
				}
			}
		}
	})
}

// A member that can hold the ARN of a resource, and does, names that resource.
func TestSDKWholeARNs(t *testing.T) {
	tried := 0
	eachOperation(t, func(t *testing.T, call string, op *catalog.Operation) {
		for _, need := range op.Needs {
			for _, r := range need.Resources {
				for _, b := range r.Bindings {
					if len(r.Formats) == 0 || b.Member == "" || b.Shape != "" || strings.Contains(b.Member, "#") || !strings.HasSuffix(r.Formats[0], "${"+b.Placeholder+"}") && b.Placeholder != "" {
						continue
					}
					whole := strings.NewReplacer("us-east-1", "eu-west-1", "123456789012", "111122223333").Replace(sampleFormat(withConstants(r.Formats[0], r.Bindings)))
					args := map[string]any{}
					putMember(args, strings.Split(b.Member, "."), whole, false)
					text, err := json.Marshal(args)
					if err != nil {
						t.Fatal(err)
					}
					g := newGenerator(sdkMachine(t, call, "Parameters", string(text)), withStyle(Least))
					c, ok := g.resolve(&g.machine.States[0])
					if !ok || !g.guarded(c, need.When) {
						continue
					}
					tried++
					found := g.sdkResources(c, &need)
					if !slices.ContainsFunc(found, func(on sdkResource) bool { return on.text == whole }) {
						t.Errorf("%s %s: %s is granted on %v", call, text, need.Action, found)
					}
				}
			}
		}
	})
	if tried < 5000 {
		t.Errorf("only %d members tried", tried)
	}
}

// typedSample is a value that a pattern matches, of the type that it is about.
func typedSample(pattern string) any {
	if pattern == "true" || pattern == "false" {
		return pattern == "true"
	}
	return concreteARN.Replace(pattern)
}

// What a call needs that names its resources is allowed by the role of the same
// call with every member left to run time.
func TestSDKDynamicAllowsStatic(t *testing.T) {
	eachOperation(t, func(t *testing.T, call string, op *catalog.Operation) {
		wide := mustGenerate(t, sdkMachine(t, call, "Parameters", atRun.arguments(t, op)), withStyle(Least))
		for _, s := range []spelling{byName, byARN} {
			narrow := mustGenerate(t, sdkMachine(t, call, "Parameters", s.arguments(t, op)), withStyle(Least))
			for _, gr := range narrow.Grants {
				if !slices.ContainsFunc(wide.Grants, func(w Grant) bool { return contains1(w, gr) }) {
					t.Errorf("%s with %s: static grant %s on %s is not in the dynamic role", call, s.name, gr.Action, gr.Resource)
				}
			}
		}
	})
}

// The console's templates know nothing of SDK calls, and Writ says so.
func TestConsoleSaysThatSDKCallsLackPermissions(t *testing.T) {
	role, findings := Generate(sdkMachine(t, "s3:getObject", "Parameters", `{"Bucket": "b", "Key": "k"}`), withStyle(Console))
	if role == nil || len(role.Grants) > 0 || !hasCode(findings, "PARTIAL_PERMISSIONS") || findings.HasErrors() {
		t.Errorf("role %v, findings %v", role, findings)
	}
}

func TestUnknownSDKCalls(t *testing.T) {
	for _, test := range []struct{ call, code, near string }{
		{"dynamodbb:getItem", "UNKNOWN_SERVICE", "dynamodb"},
		{"logs:putLogEvents", "UNKNOWN_SERVICE", "cloudwatchlogs"},
		{"events:putEvents", "UNKNOWN_SERVICE", "eventbridge"},
		{"secretmanager:getSecretValue", "UNKNOWN_SERVICE", "secretsmanager"},
		{"stepfunctions:startExecution", "UNKNOWN_SERVICE", ""},
		{"dynamodb:getItems", "UNKNOWN_ACTION", "getItem"},
		{"s3:getObjct", "UNKNOWN_ACTION", "getObject"},
		{"lambda:invokeFunction", "UNKNOWN_ACTION", ""},
		{"lambda:", "UNKNOWN_ACTION", ""},
		{":getObject", "UNKNOWN_SERVICE", ""},
		{":", "UNKNOWN_SERVICE", ""},
		{"s3:" + strings.Repeat("x", 10_000), "UNKNOWN_ACTION", ""},
		{strings.Repeat("a", 10_000) + ":x", "UNKNOWN_SERVICE", ""},
	} {
		name := cut(test.call, 40)
		role, findings := Generate(sdkMachine(t, test.call, "Parameters", "{}"), withStyle(Least))
		if role != nil || len(findings) != 1 || findings[0].Severity != source.Error || findings[0].Code != test.code {
			t.Errorf("%s: role %v, findings %v, want %s", name, role != nil, findings, test.code)
			continue
		}
		if hint := findings[0].Hint; test.near != "" && hint != fmt.Sprintf("did you mean %q?", test.near) {
			t.Errorf("%s: hint %q, want %q", name, hint, test.near)
		}
	}
}

func TestSDKPatterns(t *testing.T) {
	for _, test := range []struct {
		call  string
		kind  MachineType
		codes []string // of errors
	}{
		{"sfn:startExecution", Standard, nil},
		{"sfn:startExecution", Express, nil},
		{"sqs:sendMessage.waitForTaskToken", Standard, nil},
		{"sqs:sendMessage.waitForTaskToken", Express, []string{"PATTERN_NOT_ALLOWED_IN_EXPRESS"}},
		{"ecs:runTask.sync", Standard, []string{"UNSUPPORTED_PATTERN"}},
		{"sfn:startExecution.sync:2", Standard, []string{"UNSUPPORTED_PATTERN"}},
	} {
		opts := here
		opts.Type = test.kind
		_, findings := Generate(sdkMachine(t, test.call, "Parameters", "{}"), opts)
		var codes []string
		for _, f := range findings {
			if f.Severity == source.Error {
				codes = append(codes, f.Code)
			}
		}
		if !slices.Equal(codes, test.codes) {
			t.Errorf("%s in %s: errors %v, want %v", test.call, test.kind, codes, test.codes)
		}
	}
}

// Damaged facts give an error: to be without a permission must not look like
// needing none.
func TestDamagedCatalogueIsAnError(t *testing.T) {
	g := newGenerator(sdkMachine(t, "s3:getObject", "Parameters", "{}"), here)
	g.unknownOperation(call{}, errors.New("catalogue: sdk/s3.txt: cut short"))
	if len(g.findings) != 1 || g.findings[0].Code != "CATALOGUE_DAMAGED" || g.findings[0].Severity != source.Error {
		t.Errorf("findings %v", g.findings)
	}
}

// FuzzSDKCall: whatever a Task calls, there is a role or an error, and grants
// whose ARNs can be read.
func FuzzSDKCall(f *testing.F) {
	for _, c := range readSDKCases(f, "testdata/sdk/*.txt") {
		f.Add(c.call, c.arguments)
	}
	f.Fuzz(func(t *testing.T, call, arguments string) {
		m, findings := asl.Parse(source.NewFile("m.json", sdkDefinition(call, "Parameters", arguments)), asl.Options{})
		if m == nil || findings.HasErrors() {
			return
		}
		role, told := Generate(m, here)
		checkFuzzed(t, role, told)
		if role == nil {
			return
		}
		for _, gr := range role.Grants {
			if _, err := arn.Parse(gr.Resource); gr.Resource != "*" && err != nil && !strings.Contains(arguments, "arn:") {
				t.Errorf("%s on %q: %v", gr.Action, gr.Resource, err)
			}
		}
	})
}
