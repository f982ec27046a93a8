package dataflow

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

var update = flag.Bool("update", false, "rewrite the values in testdata")

// Each archive holds cases: the states of a machine (NAME.yaml, the first of
// them is where it starts), perhaps an input (NAME.input.json, or NAME.exact.json)
// and pins (NAME.pins), and places with what they hold (NAME).
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	cases := 0
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range archive.Files {
			f := &archive.Files[i]
			if strings.Contains(f.Name, ".") {
				continue
			}
			cases++
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+f.Name, func(t *testing.T) {
				got := runCase(t, archive, f.Name, string(f.Data))
				if *update {
					f.Data = []byte(got)
				} else if diff := cmp.Diff(string(f.Data), got); diff != "" {
					t.Errorf("%s: -want +got; -update rewrites it:\n%s", path, diff)
				}
			})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if cases < 80 {
		t.Errorf("only %d cases", cases)
	}
}

var firstState = regexp.MustCompile(`^([^:\n]+):`)

func runCase(t *testing.T, archive *txtar.Archive, name, want string) string {
	section := func(suffix string) (string, bool) {
		for _, f := range archive.Files {
			if f.Name == name+suffix {
				return string(f.Data), true
			}
		}
		return "", false
	}
	states, _ := section(".yaml")
	head := ""
	if rest, ok := strings.CutPrefix(states, "language: JSONata\n"); ok {
		states, head = rest, "QueryLanguage: JSONata\n"
	}
	head += "StartAt: " + firstState.FindStringSubmatch(states)[1] + "\nStates:\n"
	text := head + "  " + strings.ReplaceAll(strings.TrimSpace(states), "\n", "\n  ") + "\n"
	m, findings := asl.Parse(source.NewFile(name+".yaml", text), asl.Options{AllowPlaceholders: true})
	if findings.HasErrors() {
		t.Fatalf("%v\n%s", findings, text)
	}
	opts := Options{Machine: Literal(selfARN)}
	for _, suffix := range []string{".input.json", ".exact.json"} {
		if text, ok := section(suffix); ok {
			opts.Input, findings = ReadInput(source.NewFile("input.json", text), suffix == ".exact.json")
			if findings.HasErrors() {
				t.Fatal(findings)
			}
		}
	}
	if pins, ok := section(".pins"); ok {
		for line := range strings.Lines(pins) {
			place, pattern, _ := strings.Cut(strings.TrimSpace(line), "=")
			opts.Pins = append(opts.Pins, Pin{Place: place, Pattern: pattern})
		}
	}
	f, findings := Analyze(m, opts)
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	var got strings.Builder
	for line := range strings.Lines(want) {
		asked, _, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		got.WriteString(asked + " -> " + show(ask(t, f, m, asked)) + "\n")
	}
	return got.String()
}

// ask finds a place such as "T Parameters.out.l.[].n".
func ask(t *testing.T, f *Flow, m *asl.StateMachine, asked string) Value {
	state, path, _ := strings.Cut(asked, " ")
	field, rest, _ := strings.Cut(path, ".")
	s := stateNamed(m, state)
	var v Value
	switch field {
	case "Parameters", "Arguments":
		v = f.At(s, s.Task.Arguments)
	case "Credentials":
		v = f.At(s, s.Task.Credentials)
	case "ItemReader":
		v = f.At(s, s.Map.ItemReader.Arguments)
	case "ResultWriter":
		v = f.At(s, s.Map.ResultWriter.Arguments)
	default:
		t.Fatalf("no field %s", field)
	}
	for name := range strings.SplitSeq(rest, ".") {
		if i, err := strconv.Atoi(name); err == nil {
			v = index(v, i)
		} else if name == "[]" {
			v = v.Elements()
		} else if name != "" {
			v = v.Field(name)
		}
	}
	return v
}
