package writ

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/writ-iam/writ/"

// mayImport is the direction of the packages: what each may import of this
// module. docs/architecture.md gives the reasons.
var mayImport = map[string][]string{
	"source":            {},
	"pattern":           {},
	"arn":               {"pattern"},
	"internal/jsontree": {"source"},
	"internal/near":     {},
	"internal/hole":     {},
	"internal/report":   {"source"},
	"internal/yamltree": {"source", "internal/jsontree"},
	"policy":            {"source", "pattern", "arn", "internal/hole", "internal/jsontree", "internal/near"},
	"asl":               {"source", "internal/hole", "internal/jsontree", "internal/near", "internal/yamltree", "asl/jsonata"},
	"asl/jsonata":       {},
	"dataflow":          {"source", "pattern", "internal/hole", "internal/jsontree", "asl", "asl/jsonata"},
	"ecs":               {"source", "internal/jsontree"},
	"template":          {"source", "arn", "policy", "asl", "ecs", "internal/hole", "internal/jsontree", "internal/near", "internal/yamltree"},
	"catalog":           {"arn", "pattern", "internal/near"},
	"managed":           {"source", "pattern", "arn", "policy", "internal/jsontree", "internal/near"},
	"authz":             {"source", "pattern", "arn", "policy", "internal/hole"},
	"check":             {"source", "pattern", "arn", "policy", "catalog", "managed", "authz", "internal/hole", "internal/jsontree", "internal/near"},
	"minimal":           {"source", "pattern", "policy", "catalog", "authz", "prove"},
	"prove":             {"source", "pattern", "arn", "policy", "catalog", "authz", "internal/hole"},
	"account":           {"source", "internal/jsontree", "internal/near", "policy", "authz"},
	"denial":            {"arn", "policy", "authz"},
	"cases":             {"source", "internal/jsontree", "internal/near", "internal/yamltree", "policy", "authz"},
	"roles":             {"source", "pattern", "internal/hole", "internal/near", "arn", "policy", "authz", "asl", "dataflow", "ecs", "catalog", "managed"},
	"render":            {"source", "policy", "roles", "template", "internal/hole", "internal/jsontree", "internal/yamltree"},
	"cmd/writ":          {"*"},
}

// libraries is what packages may import from elsewhere; all others, except
// cmd/writ, use the standard library alone.
var libraries = map[string][]string{
	"internal/yamltree": {"go.yaml.in/yaml/v4"},
	"render":            {"github.com/hashicorp/hcl/v2/hclsyntax", "github.com/hashicorp/hcl/v2/hclwrite", "github.com/zclconf/go-cty/cty", "go.yaml.in/yaml/v4"},
	"template": {
		"github.com/hashicorp/hcl/v2", "github.com/hashicorp/hcl/v2/hclsyntax",
		"github.com/zclconf/go-cty/cty", "github.com/zclconf/go-cty/cty/function", "github.com/zclconf/go-cty/cty/function/stdlib",
	},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestImports(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if p.ImportPath+"/" == module {
			continue
		}
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("package %s has no row in the table of imports", name)
		}
		if slices.Contains(allowed, "*") {
			continue
		}
		for _, imported := range p.Imports {
			own, isOwn := strings.CutPrefix(imported, module)
			switch {
			case isOwn && !slices.Contains(allowed, own):
				t.Errorf("%s imports %s, which the table does not allow", name, own)
			case !isOwn && !isStandard(imported) && !slices.Contains(libraries[name], imported):
				t.Errorf("%s imports the library %s", name, imported)
			}
		}
	}
}

func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
