package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/source"
)

// acceptance leaves out findings that are known: of codes that are ignored, of an
// earlier run, and those that the configuration has a reason for.
type acceptance struct {
	ignore     []string
	baseline   map[known]int
	suppressor *check.Suppressor
	count      int
	commented  map[*source.File]bool // their comments have been read
	err        error                 // about a comment
}

// known tells a finding of an earlier run from others. Lines are left out: they
// move.
type known struct{ File, Code, Path, Message string }

func (f *checkFlags) acceptance() (*acceptance, error) {
	conf, err := readConfig(f.config)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	a := &acceptance{ignore: f.ignore, commented: make(map[*source.File]bool), suppressor: check.NewSuppressor(conf.suppress, time.Now())}
	if f.baseline == "" {
		return a, nil
	}
	if a.baseline, err = readBaseline(f.baseline); err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	return a, nil
}

// readBaseline reads what --format json printed. A finding that was there twice may
// be there twice.
func readBaseline(name string) (map[known]int, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var earlier struct {
		FormatVersion string  `json:"format_version"`
		Findings      []known `json:"findings"`
	}
	if err := json.Unmarshal(text, &earlier); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if earlier.FormatVersion == "" {
		return nil, fmt.Errorf("%s is not what writ check --format json prints", name)
	}
	count := make(map[known]int, len(earlier.Findings))
	for _, k := range earlier.Findings {
		count[k]++
	}
	return count, nil
}

func (a *acceptance) filter(name string, r *check.Result) {
	a.count += a.suppressor.Filter(name, r)
	var kept source.List
	for _, f := range r.Findings {
		if a.ignored(f.Code) || a.before(known{name, f.Code, f.Path, f.Message}) {
			a.count++
			continue
		}
		kept = append(kept, f)
	}
	r.Findings = kept
}

// ignoresKnown returns an error for a code that is misspelled. Templates have codes of
// their own, so that not every unknown one is.
func (f *checkFlags) ignoresKnown() error {
	rules := check.Rules()
	names := make([]string, len(rules))
	for i := range rules {
		names[i] = rules[i].Code
	}
	for _, code := range f.ignore {
		known := slices.ContainsFunc(names, func(n string) bool { return pattern.MatchFold(code, n) })
		if hint := near.Hint(strings.ToUpper(code), names); !known && hint != "" {
			return fmt.Errorf("--ignore: there is no code %s: %s", code, hint)
		}
	}
	return nil
}

func (a *acceptance) ignored(code string) bool {
	for _, p := range a.ignore {
		if pattern.MatchFold(p, code) {
			return true
		}
	}
	return false
}

// before reports whether the earlier run had the finding, and takes it off.
func (a *acceptance) before(k known) bool {
	if a.baseline[k] == 0 {
		return false
	}
	a.baseline[k]--
	return true
}
