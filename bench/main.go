// Command bench measures Writ beside other programs and prints ratios. Ratios
// carry over from one machine to another; times do not, and nothing here fails
// because something was slow.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/writ-iam/writ/roles"
)

func main() {
	var c config
	flag.StringVar(&c.writ, "writ", "", "the writ binary; without it, cold starts are not measured")
	flag.StringVar(&c.readfile, "readfile", "", "the binary of ./readfile")
	flag.StringVar(&c.peers, "peers", "peers", "directory with what Writ is compared with")
	flag.StringVar(&c.example, "example", "../examples/fulfilment/machine.asl.json", "definition for the cold start")
	flag.StringVar(&c.iampolicy, "iam-policy", "", "directory outside of this repository in which npm has installed @cloud-copilot/iam-policy")
	flag.StringVar(&c.only, "only", "", "measure one part: typical, growth, start, matches or policies")
	flag.IntVar(&c.starts, "starts", 201, "how often each program is started")
	flag.Parse()
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type config struct {
	writ, readfile, peers, example string
	iampolicy, only                string
	starts                         int
}

func (c *config) run() error {
	fmt.Printf("%s, %s/%s, %d processors\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, part := range []struct {
		name string
		run  func() error
	}{{"typical", c.typical}, {"growth", growth}, {"start", c.coldStart}, {"matches", matches}, {"policies", c.policies}} {
		if c.only != "" && c.only != part.name {
			continue
		}
		fmt.Println()
		if err := part.run(); err != nil {
			return err
		}
	}
	return nil
}

// typical compares one definition of usual size with the generator of
// serverless-step-functions.
func (c *config) typical() error {
	fmt.Printf("A definition of %d bytes to its role, processor time\n\n", len(typical))
	peer, peerErr := c.serverless()
	if peerErr != nil {
		fmt.Printf("serverless-step-functions was NOT MEASURED: %v\n\n", peerErr)
	} else {
		fmt.Printf("peer: %s on %s; it granted %s\n\n", peer.Peer, peer.Engine, strings.Join(peer.Actions, ", "))
	}
	fmt.Println("| | Writ | peer | peer/Writ |\n|---|---:|---:|---:|")
	for _, row := range []struct {
		name string
		work work
		peer float64 // ns
	}{
		{"parse and generate, least", generating(typical, roles.Least), peer.ParseAndGenerate},
		{"parse and generate, console", generating(typical, roles.Console), peer.ParseAndGenerate},
		{"the same against the peer without its parsing", generating(typical, roles.Least), peer.Generate},
		{"parse, generate, print as JSON", printing(typical, roles.Least), peer.ParseAndGenerate},
	} {
		d, err := cost(row.work)
		if err != nil {
			return err
		}
		theirs, ratio := "", ""
		if peerErr == nil {
			theirs, ratio = microseconds(time.Duration(row.peer)), fmt.Sprintf("%.2f", row.peer/float64(d))
		}
		fmt.Printf("| %s | %s | %s | %s |\n", row.name, microseconds(d), theirs, ratio)
	}
	return nil
}

// peerTimes is what peers/sls/measure.js prints; times are in ns.
type peerTimes struct {
	Engine, Peer               string
	Generate, ParseAndGenerate float64
	Actions                    []string
}

func (c *config) serverless() (peerTimes, error) {
	var times peerTimes
	dir := filepath.Join(c.peers, "sls")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return times, fmt.Errorf("install it with 'npm ci' in %s", dir)
	}
	out, err := exec.Command("node", filepath.Join(dir, "measure.js"), filepath.Join("testdata", "typical.asl.json")).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return times, fmt.Errorf("%w: %s", err, exit.Stderr)
	} else if err != nil {
		return times, err
	}
	return times, json.Unmarshal(out, &times)
}

// growth shows whether time grows with the number of states and no faster.
func growth() error {
	fmt.Println("Large machines: parse and generate, for each state, against the machine of 100 states (1.0 is linear)")
	fmt.Println()
	fmt.Print("| resources of the states |")
	for _, n := range sizes {
		fmt.Printf(" %d states |", n)
	}
	fmt.Println("\n|---|" + strings.Repeat("---:|", len(sizes)))
	for _, shape := range shapes {
		perState := make(map[int]float64)
		for _, n := range sizes {
			d, err := cost(generating(machine(n, shape), roles.Least))
			if err != nil {
				return err
			}
			perState[n] = float64(d.Nanoseconds()) / float64(n)
		}
		fmt.Printf("| %s |", shape)
		for _, n := range sizes {
			fmt.Printf(" %.0f ns, %.1f |", perState[n], perState[n]/perState[100])
		}
		fmt.Println()
	}
	return nil
}

// coldStart compares whole runs of the command with the least that any Go
// program can do with the same file.
func (c *config) coldStart() error {
	if c.writ == "" || c.readfile == "" {
		fmt.Println("Cold start: NOT MEASURED, -writ and -readfile name no binaries")
		return nil
	}
	programs := []struct {
		name string
		args []string
	}{
		{"a program that prints the file", []string{c.readfile, c.example}},
		{"writ version", []string{c.writ, "version"}},
		{"writ generate", []string{c.writ, "generate", c.example}},
		{"writ generate --format json", []string{c.writ, "generate", c.example, "--format", "json"}},
	}
	var commands [][]string
	for _, p := range programs {
		commands = append(commands, p.args)
	}
	starts, err := coldStarts(c.starts, commands...)
	if err != nil {
		return err
	}
	fmt.Printf("Cold start on %s, medians of %d runs\n\n", filepath.Base(c.example), c.starts)
	fmt.Println("| | wall | ratio | processor | ratio |\n|---|---:|---:|---:|---:|")
	for i, p := range programs {
		fmt.Printf("| %s | %s | %.2f | %s | %.2f |\n", p.name,
			microseconds(starts[i].wall), float64(starts[i].wall)/float64(starts[0].wall),
			microseconds(starts[i].processor), float64(starts[i].processor)/float64(starts[0].processor))
	}
	return nil
}

// matches shows that no pattern makes matching explode.
func matches() error {
	const small, large = 4 << 10, 64 << 10
	fmt.Printf("pattern.Match on hostile input: growth from %d to %d KiB of text (%d is linear), and against regexp, compiled beforehand\n\n",
		small>>10, large>>10, large/small)
	fmt.Println("| pattern | per byte | growth | regexp/Match |\n|---|---:|---:|---:|")
	for _, c := range matchCases {
		var times [3]time.Duration
		for i, w := range []work{c.matching(small), c.matching(large), c.asRegexp(large)} {
			var err error
			if times[i], err = cost(w); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		fmt.Printf("| %s | %.2f ns | %.0f | %.1f |\n", c.name, float64(times[1])/large,
			float64(times[1])/float64(times[0]), float64(times[2])/float64(times[1]))
	}
	return nil
}

func microseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1e3)
}
