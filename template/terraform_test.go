package template

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/source"
)

// Each archive in testdata/terraform holds cases: the files CASE/... of which the
// first is read, with the others of its directory; CASE/options with lines
// "option NAME=VALUE"; and CASE/want, what has to be read.
func TestTerraform(t *testing.T) {
	archives, err := filepath.Glob("testdata/terraform/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { testTerraformArchive(t, name) })
	}
}

// tfCase is a case of an archive.
type tfCase struct {
	name, comment, first string
	files                map[string][]byte
	want                 int // index in the archive, -1 where there is none
	last                 int
}

func tfCases(archive *txtar.Archive) []*tfCase {
	var cases []*tfCase
	for i, f := range archive.Files {
		name, rest, _ := strings.Cut(f.Name, "/")
		if len(cases) == 0 || cases[len(cases)-1].name != name {
			cases = append(cases, &tfCase{name: name, files: map[string][]byte{}, want: -1})
		}
		c := cases[len(cases)-1]
		c.last = i
		switch {
		case rest == "want":
			c.want = i
		case rest == "options":
			c.comment = string(f.Data)
		default:
			if c.first == "" {
				c.first = rest
			}
			c.files[rest] = f.Data
		}
	}
	return cases
}

// tfOptions are options that open and list the files of a case.
func tfOptions(c *tfCase) Options {
	opts := options(c.comment, c.files)
	opts.List = func(dir string) ([]string, error) {
		var names []string
		for _, name := range slices.Sorted(maps.Keys(c.files)) {
			if path.Dir(name) == dir {
				names = append(names, path.Base(name))
			}
		}
		if len(names) == 0 {
			return nil, os.ErrNotExist
		}
		return names, nil
	}
	return opts
}

func testTerraformArchive(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	changed := false
	added := 0
	for _, c := range tfCases(archive) {
		t.Run(c.name, func(t *testing.T) {
			got := dump(Read(source.NewFile(c.first, string(c.files[c.first])), tfOptions(c)))
			want := ""
			if c.want >= 0 {
				want = string(archive.Files[c.want+added].Data)
			}
			if diff := cmp.Diff(want, got); diff != "" && !*update {
				t.Errorf("(-want +got):\n%s", diff)
			} else if diff != "" {
				changed = true
			}
			if c.want < 0 {
				archive.Files = slices.Insert(archive.Files, c.last+added+1, txtar.File{Name: c.name + "/want", Data: []byte(got)})
				added++
			} else {
				archive.Files[c.want+added].Data = []byte(got)
			}
		})
	}
	if *update && changed {
		if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
