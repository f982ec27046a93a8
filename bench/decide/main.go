// Command decide measures decisions of Writ beside those of other policy engines
// and of hand-written floors, on the same policies and questions. Every engine
// runs in a process of its own; all must give the same answers. It prints ratios,
// which carry over from one machine to another; times do not.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// engine answers the questions of one workload. What a constructor prepares
// (translating policies, questions in the engine's own types) is not measured.
type engine interface {
	load() error // measured: from the text or data of policies to being ready
	decide(i int) decision
}

// batcher is an engine that answers all questions at once.
type batcher interface {
	engine
	decideAll() error
}

var errNotApplicable = errors.New("does not apply to this workload")

// engines in the order of the tables.
var engines = []struct {
	name string
	make func(*workload) (engine, error)
	free bool // its answers may differ: it does not look at the context
	most int  // principals, for those that prepare something for each
}{
	{"Writ", newWrit, false, math.MaxInt},
	{"Writ, explained", newWritExplain, false, math.MaxInt},
	{"Writ, batch", newWritBatch, false, math.MaxInt},
	{"cedar-go", newCedar, false, math.MaxInt},
	{"OPA", newOPA, false, 1000},
	{"floor: map", newTripleMap, true, 1000},
	{"floor: lists by action", newFloorLists, false, 1000},
	{"floor: numbers and prefixes", newFloorIndex, false, 1000},
	{"floor: scan", newFloorScan, false, math.MaxInt},
}

func main() {
	var c config
	flag.StringVar(&c.workloads, "workloads", strings.Join(workloadNames, ","), "what to measure")
	flag.StringVar(&c.engines, "engines", "", "engines whose names contain one of these words, separated by commas; all without")
	flag.DurationVar(&c.budget, "budget", 4*time.Second, "processor time for one engine and workload; slow engines answer fewer questions")
	flag.StringVar(&c.write, "write", "", "write a workload as JSON to standard output, and do nothing else")
	flag.StringVar(&c.one, "one", "", "measure one engine on one workload in this process: ENGINE@WORKLOAD")
	flag.Parse()
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "decide:", err)
		os.Exit(1)
	}
}

type config struct {
	workloads, engines, write, one string
	budget                         time.Duration
}

func (c *config) run() error {
	switch {
	case c.write != "":
		w, err := makeWorkload(c.write)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(w)
	case c.one != "":
		name, workload, _ := strings.Cut(c.one, "@")
		result, err := measureOne(name, workload, c.budget)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(result)
	}
	var failed error
	all := map[string]map[string]*result{}
	for name := range strings.SplitSeq(c.workloads, ",") {
		rows, err := c.workload(name)
		if err != nil {
			failed = errors.Join(failed, err)
		}
		all[name] = rows
	}
	printGrowth(all)
	return failed
}

// workload measures all engines on one workload and prints its table.
func (c *config) workload(name string) (map[string]*result, error) {
	w, err := makeWorkload(name)
	if err != nil {
		return nil, err
	}
	rows := map[string]*result{}
	var failed error
	for _, e := range engines {
		if !c.wanted(e.name) || len(w.Principals) > e.most {
			continue
		}
		out, err := exec.Command(os.Args[0], "-one", e.name+"@"+name, "-budget", c.budget.String()).Output()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			if !strings.Contains(string(exit.Stderr), errNotApplicable.Error()) {
				fmt.Fprintf(os.Stderr, "%s on %s was NOT MEASURED: %s", e.name, name, exit.Stderr)
				failed = fmt.Errorf("not all engines were measured")
			}
			continue
		}
		r := new(result)
		if err := errors.Join(err, json.Unmarshal(out, r)); err != nil {
			return nil, err
		}
		rows[e.name] = r
		if base := rows["Writ"]; base != nil && !e.free {
			failed = errors.Join(failed, agree(w, name, e.name, base, r))
		}
	}
	printTable(w, rows)
	return rows, failed
}

func (c *config) wanted(name string) bool {
	if c.engines == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(c.engines, ","), func(word string) bool { return strings.Contains(name, word) })
}

// agree compares the answers that two engines both gave.
func agree(w *workload, workload, name string, base, r *result) error {
	for i, answer := range r.Answers {
		if want, ok := base.Answers[i]; ok && want != answer {
			p, q := w.question(i)
			return fmt.Errorf("%s: %s answers %d and Writ %d to question %d: %s %s %s", workload, name, answer, want, i, w.Principals[p].ID, q.Action, q.Resource)
		}
	}
	return nil
}

func printTable(w *workload, rows map[string]*result) {
	base := rows["Writ"]
	if base == nil {
		return
	}
	policies, statementCount := len(w.Policies), 0
	for _, p := range w.Policies {
		if list, err := statements(p.Document); err == nil {
			statementCount += len(list)
		}
	}
	var answers [3]int
	for _, a := range base.Answers {
		answers[a]++
	}
	fmt.Printf("## %s\n\n%d principals, %d policies with %d statements, %d questions; of %d answers compared %.1f %% allow and %.1f %% deny explicitly.\n\n",
		w.Name, len(w.Principals), policies, statementCount, w.size(), len(base.Answers),
		100*float64(answers[allow])/float64(len(base.Answers)), 100*float64(answers[explicitDeny])/float64(len(base.Answers)))
	fmt.Println("| | a decision | to Writ | first time asked | allocations | loading | memory |\n|---|---:|---:|---:|---:|---:|---:|")
	for _, e := range engines {
		if r := rows[e.name]; r != nil {
			fmt.Printf("| %s | %s | %.2f | %s | %.1f | %s | %.1f MB |\n", e.name, duration(r.Decision), r.Decision/base.Decision,
				duration(r.First), r.Allocations, duration(r.Load), r.Memory/1e6)
		}
	}
	fmt.Println()
}

// printGrowth shows how a decision grows with statements and with principals.
func printGrowth(all map[string]map[string]*result) {
	for _, series := range [][]string{{"W3-100", "W3-1000", "W3-10000", "W3-100000"}, {"W4-p10", "W4-p100", "W4", "W4-p10000"}} {
		measured := slices.DeleteFunc(slices.Clone(series), func(n string) bool { return all[n] == nil })
		if len(measured) < 2 {
			continue
		}
		fmt.Printf("## Growth, %s to %s\n\n| | %s | factor |\n|---|%s---:|\n", measured[0], measured[len(measured)-1],
			strings.Join(measured, " | "), strings.Repeat("---:|", len(measured)))
		for _, e := range engines {
			first, last := all[measured[0]][e.name], all[measured[len(measured)-1]][e.name]
			if first == nil || last == nil {
				continue
			}
			fmt.Printf("| %s |", e.name)
			for _, n := range measured {
				if r := all[n][e.name]; r != nil {
					fmt.Printf(" %s |", duration(r.Decision))
				} else {
					fmt.Print(" |")
				}
			}
			fmt.Printf(" %.1f |\n", last.Decision/first.Decision)
		}
		fmt.Println()
	}
}

func duration(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.1f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	case ns < 1e9:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	}
	return fmt.Sprintf("%.2f s", ns/1e9)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
