package roles

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

// TestCorpusFlow counts, over the machines of the corpus, the parameters that
// name resources and that an expression gives: what is known of them by what is
// written, and what by the data that flow there.
func TestCorpusFlow(t *testing.T) {
	paths, _ := filepath.Glob("../../shared/corpus/asl/*.asl.json")
	if len(paths) == 0 {
		t.Skip("the corpus is not here")
	}
	var before, after tally
	machines, placeholders := 0, 0
	for _, machinePath := range paths {
		machine := filepath.Base(machinePath)
		text, err := os.ReadFile(machinePath)
		if err != nil {
			t.Fatal(err)
		}
		m, findings := asl.Parse(source.NewFile(machine, string(text)), asl.Options{AllowPlaceholders: true})
		if findings.HasErrors() {
			continue
		}
		machines++
		g := newGenerator(m, Options{Name: "Machine", Region: "us-east-1", Account: "123456789012"})
		m.Walk(func(s *asl.State) bool {
			if s.Task == nil {
				return true
			}
			c, ok := g.resolve(s)
			if !ok {
				return true
			}
			for path := range resourceParameters(c) {
				written := g.written(c, path)
				if !written.dynamic() {
					continue
				}
				if written.at.Expression() == "" {
					placeholders++
					continue // what a deployment fills in flows from nowhere
				}
				before.count(written)
				flowed := g.lookup(c, path)
				after.count(flowed)
				if testing.Verbose() {
					t.Logf("%-8s %s: %s %s = %s", kindOf(flowed), machine, s.Name, path, written.at.Expression())
				}
			}
			return true
		})
	}
	t.Logf("%d machines, %d parameters given by expressions, %d more by placeholders", machines, before.total, placeholders)
	t.Logf("as written:    %3d names, %3d patterns, %3d bounded only by their format", before.names, before.patterns, before.open)
	t.Logf("by their flow: %3d names, %3d patterns, %3d bounded only by their format", after.names, after.patterns, after.open)
	if after.open > before.open || after.names <= before.names {
		t.Error("following the data tells no more than what is written")
	}
}

type tally struct{ total, names, patterns, open int }

func (n *tally) count(k known) {
	n.total++
	switch kindOf(k) {
	case "name":
		n.names++
	case "pattern":
		n.patterns++
	default:
		n.open++
	}
}

func kindOf(k known) string {
	switch {
	case !k.dynamic():
		return "name"
	case k.unknown:
		return "open"
	}
	return "pattern"
}

// resourceParameters are the paths of the parameters that name resources.
func resourceParameters(c call) map[string]bool {
	out := map[string]bool{}
	for _, p := range c.row.params {
		if p.path != "" {
			out[p.path] = true
		}
	}
	if c.operation != nil {
		for _, n := range c.operation.Needs {
			for _, r := range n.Resources {
				for _, b := range r.Bindings {
					if b.Member != "" {
						out[b.Member] = true
					}
				}
			}
		}
	}
	return out
}
