package roles

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/source"
)

// heldOf is a role that was generated, as a role that a machine has.
func heldOf(role *Role) Held {
	h := Held{Trust: &authz.Policy{Name: "trust", Document: role.Trust}}
	for _, p := range role.Policies {
		h.Policies = append(h.Policies, authz.Policy{Name: p.Name, Document: p.Document})
	}
	return h
}

// The role that is generated for a machine lacks nothing and has nothing too
// much. Style by style, with everything known of the machine's place.
func assertClean(t *testing.T, name string, m *asl.StateMachine, opts Options) (ran bool) {
	t.Helper()
	role, _ := Generate(m, opts)
	if role == nil {
		return false
	}
	audit, findings := AuditRole(m, heldOf(role), opts)
	if audit == nil {
		t.Errorf("%s: no audit: %v", name, findings)
		return true
	}
	for _, f := range audit.Findings() {
		// Without an account there is nothing to guard with, and some want no guard.
		if f.Code == "TRUST_WITHOUT_SOURCE_GUARD" && (opts.Account == "" || opts.Trust == TrustPlain) {
			continue
		}
		t.Errorf("%s: %s %s: %s", name, f.Severity, f.Code, f.Message)
	}
	return true
}

func TestGeneratedRolesAuditClean(t *testing.T) {
	for _, c := range goldenCases(t) {
		assertClean(t, c.name, c.machine, c.withStyle(Least))
	}
}

// The machines that people wrote, where they are at hand.
func TestCorpusAuditsClean(t *testing.T) {
	paths, _ := filepath.Glob("../../shared/corpus/asl/*.json")
	if len(paths) == 0 {
		t.Skip("no corpus here")
	}
	ran := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, findings := asl.Parse(source.NewFile(filepath.Base(path), string(text)), asl.Options{AllowPlaceholders: true})
		if m == nil || findings.HasErrors() {
			continue
		}
		if assertClean(t, filepath.Base(path), m, Options{Name: "Machine", Region: "us-east-1", Account: "123456789012"}) {
			ran++
		}
	}
	if ran < len(paths)/2 {
		t.Errorf("%d of %d machines have a role", ran, len(paths))
	}
}

// conformanceCase is a line of cases/roles.jsonl as far as audits need it.
type conformanceCase struct {
	Name       string
	Kind       string
	Definition json.RawMessage
	Context    struct {
		Partition, Region, AccountID, StateMachineName, Type, KMSKeyArn string
		Tracing, Logging                                                bool
		PassRoles                                                       map[string][]string
	}
}

func TestConformanceCasesAuditClean(t *testing.T) {
	text, err := os.ReadFile("../../shared/cases/roles.jsonl")
	if err != nil {
		t.Skip("no cases here")
	}
	ran := 0
	for line := range strings.Lines(string(text)) {
		var c conformanceCase
		if err := json.Unmarshal([]byte(line), &c); err != nil || c.Definition == nil || c.Kind == "bad" {
			continue
		}
		m, findings := asl.Parse(source.NewFile(c.Name, string(c.Definition)), asl.Options{})
		if m == nil || findings.HasErrors() {
			continue
		}
		opts := Options{Name: c.Context.StateMachineName, Region: c.Context.Region, Account: c.Context.AccountID, Partition: c.Context.Partition,
			Type: MachineType(c.Context.Type), Tracing: c.Context.Tracing, Logging: c.Context.Logging, KMSKey: c.Context.KMSKeyArn, PassRoles: c.Context.PassRoles}
		if assertClean(t, c.Name, m, opts) {
			ran++
		}
	}
	if ran < 100 {
		t.Errorf("%d cases have a role", ran)
	}
}
