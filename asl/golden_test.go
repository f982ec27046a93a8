package asl

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Each archive in testdata/findings holds definitions and, after each, the
// findings that it has to give. A comment line "options:" before a definition
// does not exist; options stand in the file's name: "x,allow" accepts
// placeholders, "x,Key=Value" substitutes.
func TestFindings(t *testing.T) {
	archives, err := filepath.Glob("testdata/findings/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { testArchive(t, name) })
	}
}

func testArchive(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []txtar.File
	for i := 0; i < len(archive.Files); i++ {
		input := archive.Files[i]
		want := ""
		if i+1 < len(archive.Files) && archive.Files[i+1].Name == "want" {
			i++
			want = string(archive.Files[i].Data)
		}
		got := findings(input.Name, string(input.Data))
		if diff := cmp.Diff(want, got); diff != "" && !*update {
			t.Errorf("%s (-want +got):\n%s", input.Name, diff)
		}
		out = append(out, input, txtar.File{Name: "want", Data: []byte(got)})
	}
	if *update {
		archive.Files = out
		if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// findings parses a definition and writes what was found: code, severity, path,
// the text pointed at, message and hint.
func findings(name, text string) string {
	name, options, _ := strings.Cut(name, ",")
	var opts Options
	for option := range strings.SplitSeq(options, ",") {
		if key, value, ok := strings.Cut(option, "="); ok {
			opts.Substitutions = map[string]string{key: value}
		}
		opts.AllowPlaceholders = opts.AllowPlaceholders || option == "allow"
	}
	file := source.NewFile(name, text)
	_, list := Parse(file, opts)
	var b strings.Builder
	for _, f := range list {
		p := file.Position(f.Span.Start)
		at := file.Slice(f.Span)
		if first, _, cut := strings.Cut(at, "\n"); cut {
			at = first + "..."
		}
		fmt.Fprintf(&b, "%d:%d: %s %s %s\n  at %s\n  %s\n", p.Line, p.Column, f.Severity, f.Code, f.Path, at, f.Message)
		if f.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", f.Hint)
		}
	}
	return b.String()
}

// Sound definitions give no finding at all.
func TestOK(t *testing.T) {
	files, err := filepath.Glob("testdata/ok/*")
	if err != nil || len(files) < 3 {
		t.Fatal("too few files", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := findings(name, string(text)); got != "" {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}
