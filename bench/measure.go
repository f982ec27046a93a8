package main

import (
	"fmt"
	"math"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// Times are processor time of the whole process (all threads, so also the
// garbage collector), not time on the wall: it hardly depends on what else the
// machine is doing.

const (
	rounds    = 20
	roundTime = 50 * time.Millisecond
)

// cost returns the processor time of one call of w: that of the best of several
// rounds, for what shares a processor with it only ever makes it slower.
func cost(w work) (time.Duration, error) {
	best := time.Duration(math.MaxInt64)
	for range rounds {
		d, err := round(w)
		if err != nil {
			return 0, err
		}
		best = min(best, d)
	}
	return best, nil
}

func round(w work) (time.Duration, error) {
	start, err := processorTime()
	if err != nil {
		return 0, err
	}
	for n := 1; ; n++ {
		if err := w(); err != nil {
			return 0, err
		}
		// Asking for the time costs as much as short work does: ask seldom.
		if n&(n-1) != 0 && n%64 != 0 {
			continue
		}
		now, err := processorTime()
		if err != nil {
			return 0, err
		}
		if used := now - start; used >= roundTime {
			return used / time.Duration(n), nil
		}
	}
}

func processorTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// start is what it takes to run a program once.
type start struct{ wall, processor time.Duration }

// coldStarts runs the programs in turn, so that all of them see the same
// weather, and returns the medians for each.
func coldStarts(times int, programs ...[]string) ([]start, error) {
	walls := make([][]time.Duration, len(programs))
	processors := make([][]time.Duration, len(programs))
	for range times {
		for i, args := range programs {
			cmd := exec.Command(args[0], args[1:]...)
			began := time.Now()
			out, err := cmd.Output()
			wall := time.Since(began)
			// writ ends with 3 where it printed a role that may lack something.
			if code := cmd.ProcessState.ExitCode(); err != nil && code != 3 || len(out) == 0 {
				return nil, fmt.Errorf("%v: %w", args, err)
			}
			walls[i] = append(walls[i], wall)
			processors[i] = append(processors[i], cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		}
	}
	starts := make([]start, len(programs))
	for i := range programs {
		starts[i] = start{median(walls[i]), median(processors[i])}
	}
	return starts, nil
}
