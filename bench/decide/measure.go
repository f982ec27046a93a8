package main

import (
	"fmt"
	"math"
	"runtime"
	"syscall"
	"time"
)

// result is what one engine does on one workload. Times are processor time of
// the process in ns, garbage collection included.
type result struct {
	Decision    float64 // the best of several rounds, everything asked before
	First       float64 // a decision in the first round, with all that is filled on first use
	Load        float64 // all policies
	Allocations float64 // a decision
	Memory      float64 // bytes that are live after all rounds and were not before loading
	Answers     map[int]decision
}

// maxAnswers bounds what is compared.
const maxAnswers = 20_000

func measureOne(name, workloadName string, budget time.Duration) (*result, error) {
	w, err := makeWorkload(workloadName)
	if err != nil {
		return nil, err
	}
	for _, e := range engines {
		if e.name != name {
			continue
		}
		load, err := loading(e.make, w)
		if err != nil {
			return nil, err
		}
		made, err := e.make(w)
		if err != nil {
			return nil, err
		}
		r, err := measure(made, w, budget)
		if err != nil {
			return nil, err
		}
		r.Load = load
		return r, nil
	}
	return nil, fmt.Errorf("there is no engine %q", name)
}

func measure(e engine, w *workload, budget time.Duration) (*result, error) {
	r := &result{Answers: map[int]decision{}}
	before := liveMemory()
	if err := e.load(); err != nil {
		return nil, err
	}
	stride := 1
	var ask func() (asked int, err error)
	start := processorTime()
	if b, ok := e.(batcher); ok {
		ask = func() (int, error) { return w.size(), b.decideAll() }
		if _, err := ask(); err != nil {
			return nil, err
		}
		r.First = float64(processorTime()-start) / float64(w.size())
	} else {
		r.First, stride = first(e, w.size(), budget)
		ask = func() (asked int, err error) {
			for i := 0; i < w.size(); i += stride {
				e.decide(i)
				asked++
			}
			return asked, nil
		}
	}
	r.Decision = math.Inf(1)
	mallocs, answers := allocated(), 0
	for began, rounds := processorTime(), 0; rounds < 3 || processorTime()-began < budget*3/4; rounds++ {
		each, asked, err := round(ask)
		if err != nil {
			return nil, err
		}
		answers += asked
		r.Decision = min(r.Decision, each)
		if processorTime()-began > budget {
			break
		}
	}
	r.Allocations = math.Floor(10*float64(allocated()-mallocs)/float64(answers)) / 10
	r.Memory = float64(liveMemory()) - float64(before)
	// The same questions for every engine, as far as it comes.
	step := w.size()/maxAnswers | 1 // odd, for a matrix has 1000 columns
	start = processorTime()
	for i := 0; i < w.size() && processorTime()-start < budget; i += step {
		r.Answers[i] = e.decide(i)
	}
	runtime.KeepAlive(e)
	return r, nil
}

// loading loads a workload so often that the time can be measured, into a new
// engine each time, and returns the time of one.
func loading(make func(*workload) (engine, error), w *workload) (float64, error) {
	const enough, most = 100 * time.Millisecond, 100
	began := time.Now()
	var fresh []engine
	for len(fresh) == 0 || len(fresh) < most && time.Since(began) < 10*enough {
		e, err := make(w)
		if err != nil {
			return 0, err
		}
		fresh = append(fresh, e)
	}
	runtime.GC()
	start, loaded := processorTime(), 0
	for ; loaded < len(fresh) && processorTime()-start < enough; loaded++ {
		if err := fresh[loaded].load(); err != nil {
			return 0, err
		}
		fresh[loaded] = nil
	}
	return float64(processorTime()-start) / float64(loaded), nil
}

// round asks all questions as often as it takes to measure how long it took: the
// system counts processor time in ticks of some milliseconds.
func round(ask func() (int, error)) (each float64, asked int, err error) {
	const enough = 100 * time.Millisecond
	start := processorTime()
	for {
		n, err := ask()
		if err != nil {
			return 0, 0, err
		}
		asked += n
		if used := processorTime() - start; used >= enough {
			return float64(used) / float64(asked), asked, nil
		}
	}
}

// first asks the questions for the first time, and some of them again to find how
// many a round can have: a slow engine is asked every so many.
func first(e engine, size int, budget time.Duration) (each float64, stride int) {
	each, asked := askUntil(e, size, 8*budget)
	again, _ := askUntil(e, asked, budget/4)
	return each, int(4*float64(size)*again/float64(budget)) | 1
}

func askUntil(e engine, size int, limit time.Duration) (each float64, asked int) {
	start := processorTime()
	for ; asked < size; asked++ {
		if asked%64 == 1 && processorTime()-start > limit {
			break
		}
		e.decide(asked)
	}
	return float64(processorTime()-start) / float64(asked), asked
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // no argument of it can be wrong
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func liveMemory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
