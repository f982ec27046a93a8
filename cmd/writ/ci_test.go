package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const (
	badPolicy  = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:DescribeTask", "Resource": "*"}]}`
	goodPolicy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:DescribeTasks", "Resource": "*"}]}`
)

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func writeFiles(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The hooks of pre-commit run commands that exist, on files that are policies.
func TestPreCommitHooks(t *testing.T) {
	var hooks []struct{ ID, Name, Entry, Language, Files string }
	readYAML(t, "../../.pre-commit-hooks.yaml", &hooks)
	t.Chdir(t.TempDir())
	writeFiles(t, map[string]string{"policies/bad.json": badPolicy, "policies/good.json": goodPolicy, "app/web.policy.json": goodPolicy, "package.json": "{}"})
	var ids []string
	for _, h := range hooks {
		ids = append(ids, h.ID)
		if h.Name == "" || h.Language != "golang" {
			t.Errorf("%+v", h)
		}
		files := regexp.MustCompile(h.Files)
		for name, want := range map[string]bool{"policies/bad.json": true, "app/web.policy.json": true, "package.json": false, "policies/a.yaml": false} {
			if files.MatchString(name) != want {
				t.Errorf("%s runs on %s: %v", h.ID, name, !want)
			}
		}
		command := strings.Fields(h.Entry)
		if command[0] != "writ" {
			t.Fatalf("%s runs %s, which is not installed", h.ID, command[0])
		}
		good, _, stderr := invoke(t, "", append(command[1:], "policies/good.json", "app/web.policy.json")...)
		if good != exitOK {
			t.Errorf("%s fails on good policies: %s", h.ID, stderr)
		}
		bad, _, _ := invoke(t, "", append(command[1:], "policies/bad.json")...)
		if changed, _ := os.ReadFile("policies/bad.json"); bad == exitOK && string(changed) == badPolicy {
			t.Errorf("%s neither fails on a bad policy nor changes it", h.ID)
		}
	}
	if !slices.Equal(ids, []string{"writ-check", "writ-fmt"}) {
		t.Errorf("hooks: %v", ids)
	}
}

type actionFile struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Uses, Shell, Run string
			Dir                  string `yaml:"working-directory"`
			Env, With            map[string]string
		}
	}
}

// The action is well-formed: it uses each of its inputs, and none that it has not.
func TestActionInputs(t *testing.T) {
	var action actionFile
	readYAML(t, "../../action.yml", &action)
	text, _ := os.ReadFile("../../action.yml")
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\{\{ inputs\.([\w-]+) \}\}`).FindAllStringSubmatch(string(text), -1) {
		if _, known := action.Inputs[m[1]]; !known {
			t.Errorf("there is no input %s", m[1])
		}
		used[m[1]] = true
	}
	for name, input := range action.Inputs {
		if !used[name] || input.Description == "" {
			t.Errorf("input %s: used %v, described %q", name, used[name], input.Description)
		}
	}
	for _, s := range action.Runs.Steps {
		if s.Run != "" && s.Shell != "bash" || (s.Run == "") == (s.Uses == "") {
			t.Errorf("step %+v", s)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("an expression in a script is a way to inject commands: %s", s.Run)
		}
	}
	if action.Runs.Using != "composite" {
		t.Errorf("using %s", action.Runs.Using)
	}
}

// runAction runs the last step of the action as a runner does, the command being this
// test binary.
func runAction(t *testing.T, inputs map[string]string) (code int, output, outputs string) {
	t.Helper()
	var action actionFile
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	readYAML(t, filepath.Join(root, "action.yml"), &action)
	step := action.Runs.Steps[len(action.Runs.Steps)-1]
	fill := func(text string) string {
		return regexp.MustCompile(`\$\{\{ ([\w.-]+) \}\}`).ReplaceAllStringFunc(text, func(expression string) string {
			name := strings.Trim(expression, "${} ")
			input, isInput := strings.CutPrefix(name, "inputs.")
			switch value, given := inputs[input]; {
			case isInput && given:
				return value
			case isInput:
				return action.Inputs[input].Default
			case name == "github.action_path":
				return root
			}
			t.Fatalf("what is %s?", expression)
			return ""
		})
	}
	workspace := t.TempDir()
	results := filepath.Join(workspace, ".outputs")
	writeFiles(t, map[string]string{
		filepath.Join(workspace, "policies/bad.json"): badPolicy, filepath.Join(workspace, "policies/good.json"): goodPolicy, filepath.Join(workspace, "-odd name.json"): goodPolicy,
	})
	cmd := exec.Command("bash", "-e", "-c", step.Run)
	cmd.Dir = filepath.Join(workspace, fill(step.Dir))
	cmd.Env = append(os.Environ(), "GITHUB_OUTPUT="+results)
	for name, value := range step.Env {
		cmd.Env = append(cmd.Env, name+"="+fill(value))
	}
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	told, _ := os.ReadFile(results)
	if i := strings.Index(string(told), "sarif-file="); i >= 0 {
		name, _, _ := strings.Cut(string(told)[i+len("sarif-file="):], "\n")
		if out, err = os.ReadFile(filepath.Join(workspace, name)); err != nil {
			t.Fatal(err)
		}
	}
	return cmd.ProcessState.ExitCode(), string(out), string(told)
}

func TestAction(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs bash")
	}
	for _, c := range []struct {
		name   string
		inputs map[string]string
		code   int
		shows  string
	}{
		{"defaults", nil, 1, "::error file=policies/bad.json,line=1"},
		{"several paths, one like a flag", map[string]string{"paths": "policies/good.json\n-odd name.json\n"}, 0, ""},
		{"every option", map[string]string{"paths": "policies", "type": "identity", "resource-type": "AWS::S3::Bucket", "format": "text", "fail-level": "suggestion", "ignore": "INVALID_*,WRIT_*"}, 0, ""},
		{"nothing is a command", map[string]string{"paths": "$(touch x); `touch y`"}, 2, "$(touch x)"},
		{"another directory", map[string]string{"working-directory": "policies", "paths": "good.json"}, 0, ""},
		{"no such baseline", map[string]string{"baseline": "nothing.json"}, 2, "nothing.json"},
		{"no such configuration", map[string]string{"config": "nothing.yaml"}, 2, "nothing.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, output, outputs := runAction(t, c.inputs)
			if code != c.code || !strings.Contains(output, c.shows) || !strings.Contains(outputs, "exit-code=") {
				t.Errorf("exit code %d\n%s\n%s", code, output, outputs)
			}
		})
	}
	code, output, _ := runAction(t, map[string]string{"format": "sarif", "working-directory": "policies"})
	var sarif struct {
		Version string
		Runs    []struct{ Results []any }
	}
	if err := json.Unmarshal([]byte(output), &sarif); err != nil || code != 1 || sarif.Version != "2.1.0" || len(sarif.Runs) != 1 || len(sarif.Runs[0].Results) == 0 {
		t.Errorf("exit code %d, %v\n%s", code, err, output)
	}
}
