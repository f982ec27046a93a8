package roles

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var codeForm = regexp.MustCompile(`^[A-Z]+(_[A-Z0-9]+)+$`)

// notCodes are strings of the same form that are values of definitions, and
// codes that no definition brings about as long as Writ and its facts are whole:
// see verify_test.go and sdk_test.go.
var notCodes = map[string]bool{"IAM_ROLE": true, "RESOURCE_POLICY": true, "ROLE_INCOMPLETE": true, "CATALOGUE_DAMAGED": true, "CODE_DEPLOY": true, "MANAGED_INSTANCES": true}

// Every code that this package can give stands in some golden section.
func TestGoldenSectionsHoldEveryCode(t *testing.T) {
	codes := codesInSources(t)
	if len(codes) < 15 {
		t.Fatalf("found only %d codes in the sources: %v", len(codes), codes)
	}
	seen := map[string]bool{}
	for _, c := range append(goldenCases(t), accessCases(t)...) {
		for line := range strings.Lines(c.section("least") + c.section("console") + c.section("deployer") + c.section("worker")) {
			if fields := strings.Fields(line); len(fields) > 1 {
				seen[fields[1]] = true
			}
		}
	}
	audits, err := filepath.Glob("testdata/audit/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range audits {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); strings.HasPrefix(line, "  ") && len(fields) > 1 {
				seen[fields[1]], seen[fields[len(fields)-1]] = true, true
			}
		}
	}
	forTaskArchives(t, func(_ *testing.T, _ string, _ *txtar.Archive, cases []*taskCase) {
		for _, c := range cases {
			for line := range strings.Lines(c.sections["roles"]) {
				if fields := strings.Fields(line); len(fields) > 1 {
					seen[fields[1]] = true
				}
			}
		}
	})
	for code, where := range codes {
		if !seen[code] {
			t.Errorf("%s (%s) is in no golden section", code, where)
		}
	}
}

// codesInSources finds the string literals that have the form of a code.
func codesInSources(t *testing.T) map[string]token.Position {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]token.Position{}
	files := token.NewFileSet()
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(files, e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && codeForm.MatchString(text) && !notCodes[text] {
					codes[text] = files.Position(lit.Pos())
				}
			}
			return true
		})
	}
	return codes
}
