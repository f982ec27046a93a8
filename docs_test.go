package writ

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// page is a page of the documentation.
type page struct{ name, text string }

// pages reads those that patterns name.
func pages(t *testing.T, patterns ...string) []page {
	t.Helper()
	var out []page
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no pages, %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, page{filepath.ToSlash(name), string(text)})
		}
	}
	return out
}

// Links inside the documentation lead to files that are there, and to headings
// that they have.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	found := 0
	for _, p := range pages(t, "*.md", "docs/*.md", "docs/usage/*.md", "docs/findings/*.md", "catalog/*.md", "roles/testdata/*.md") {
		for _, m := range link.FindAllStringSubmatch(withoutCode(p.text), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			found++
			file := filepath.Join(filepath.Dir(p.name), target)
			if target == "" {
				file = p.name
			}
			text, err := os.ReadFile(file)
			if _, missing := os.Stat(file); missing != nil {
				t.Errorf("%s links to %s, which is not there", p.name, m[1])
			} else if err == nil && anchor != "" && !hasHeading(string(text), anchor) {
				t.Errorf("%s links to %s, which has no such heading", p.name, m[1])
			}
		}
	}
	if found < 300 {
		t.Errorf("%d links; the search is broken", found)
	}
}

func withoutCode(text string) string {
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllStringFunc(text, func(code string) string {
		return strings.NewReplacer("(", "", ")", "", "[", "", "]", "").Replace(code)
	})
}

// hasHeading reports whether a page has a heading that an anchor stands for.
func hasHeading(text, anchor string) bool {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(strings.ReplaceAll(m[1], " ", "-"))
		if regexp.MustCompile(`[^a-z0-9_-]`).ReplaceAllString(name, "") == anchor {
			return true
		}
	}
	return false
}

// Every code of a finding is explained in docs.
func TestFindingsAreDocumented(t *testing.T) {
	var usage strings.Builder
	for _, page := range pages(t, "docs/usage/*.md", "docs/templates.md") {
		usage.WriteString(page.text)
	}
	explained := usage.String()
	code := regexp.MustCompile(`(?m)(?:Code:|report\(|say\(|wrong\(|fail\(|warn\(|suggest\(|at\(|code:)\s*"([A-Z]+(?:_[A-Z]+)+)"|^\s*code\w* *= *"([A-Z_]+)"`)
	found := 0
	for _, dir := range []string{"asl", "template", "roles", "ecs", "cases", "account"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			text, err := os.ReadFile(dir + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range code.FindAllStringSubmatch(string(text), -1) {
				found++
				if name := m[1] + m[2]; !strings.Contains(explained, "`"+name+"`") {
					t.Errorf("%s/%s: docs/usage does not explain %s", dir, e.Name(), name)
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("found %d codes in the sources; the search is broken", found)
	}
}
