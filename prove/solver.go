package prove

import (
	"context"
	"math"
	"slices"
)

// A solver answers whether clauses can be satisfied together. Clauses may be
// added after it has answered.
type solver interface {
	// newVar returns a variable, counted from 1.
	newVar() literal
	// add adds a clause: at least one of its literals holds. The model, if
	// there is one, is no longer valid.
	add(clause ...literal)
	// solve looks for a model. It returns an error when the context ends.
	solve(ctx context.Context) (satisfiable bool, err error)
	// value is that of a variable in the model.
	value(literal) bool
}

// cdcl is a solver by conflict-driven clause learning. The formulas of policies
// have some dozens of variables and want few models, so it lacks what
// larger problems need: restarts and the deletion of clauses. Variables are
// tried as false first: then fewer literals hang on a theory.
type cdcl struct {
	clauses  [][]literal
	watches  [][]int // by literal, see slot: clauses that watch it
	values   []int8  // by variable: 0 open, 1 true, -1 false
	level    []int32
	cause    []int32 // clause that forced the variable, -1 for decisions
	activity []float64
	phase    []bool
	seen     []bool
	trail    []literal
	limits   []int // lengths of the trail at the decisions
	next     int   // of the trail, to propagate
	bump     float64
	heap     []int32 // open variables, the most active first; others may be among them
	place    []int32 // of a variable in the heap, -1 when it is not there
	broken   bool    // an empty clause was added or learned
}

func newCDCL() *cdcl {
	return &cdcl{
		watches: make([][]int, 2), values: make([]int8, 1), level: make([]int32, 1), cause: make([]int32, 1),
		activity: make([]float64, 1), phase: make([]bool, 1), seen: make([]bool, 1), place: make([]int32, 1), bump: 1,
	}
}

func (s *cdcl) newVar() literal {
	s.values = append(s.values, 0)
	s.level = append(s.level, 0)
	s.cause = append(s.cause, -1)
	s.activity = append(s.activity, 0)
	s.phase = append(s.phase, false)
	s.seen = append(s.seen, false)
	s.watches = append(s.watches, nil, nil)
	v := int32(len(s.values) - 1)
	s.place = append(s.place, int32(len(s.heap)))
	s.heap = append(s.heap, v)
	return literal(v)
}

func slot(l literal) int {
	if l < 0 {
		return int(-l)*2 + 1
	}
	return int(l) * 2
}

func (s *cdcl) value(l literal) bool { return s.of(l) > 0 }

func (s *cdcl) of(l literal) int8 {
	if l < 0 {
		return -s.values[-l]
	}
	return s.values[l]
}

// add keeps as much of the assignment as the clause leaves: after a model, most
// of it is good for the next one too.
func (s *cdcl) add(clause ...literal) {
	var kept []literal
	for _, l := range clause {
		switch {
		case s.fixed(l) > 0 || slices.Contains(kept, -l):
			return
		case s.fixed(l) == 0 && !slices.Contains(kept, l):
			kept = append(kept, l)
		}
	}
	switch len(kept) {
	case 0:
		s.broken = true
		return
	case 1:
		s.backtrack(0)
		s.assign(kept[0], -1)
		return
	}
	// The literals that were falsified last are watched, and made open.
	slices.SortStableFunc(kept, func(a, b literal) int { return int(s.depth(b)) - int(s.depth(a)) })
	if s.of(kept[0]) < 0 {
		s.backtrack(int(s.level[kept[0].variable()]) - 1)
	}
	i := s.watch(kept)
	if s.of(kept[0]) == 0 && s.of(kept[1]) < 0 {
		s.backtrack(int(s.level[kept[1].variable()]))
		s.assign(kept[0], i)
	}
}

// fixed is the value of a literal that holds whatever was decided.
func (s *cdcl) fixed(l literal) int8 {
	if s.level[l.variable()] > 0 {
		return 0
	}
	return s.of(l)
}

// depth orders literals for watching: those that are not false come first.
func (s *cdcl) depth(l literal) int32 {
	if s.of(l) >= 0 {
		return math.MaxInt32
	}
	return s.level[l.variable()]
}

func (s *cdcl) watch(clause []literal) int32 {
	i := len(s.clauses)
	s.clauses = append(s.clauses, clause)
	s.watches[slot(clause[0])] = append(s.watches[slot(clause[0])], i)
	s.watches[slot(clause[1])] = append(s.watches[slot(clause[1])], i)
	return int32(i)
}

func (s *cdcl) assign(l literal, cause int32) {
	v := l.variable()
	s.values[v] = 1
	if l < 0 {
		s.values[v] = -1
	}
	s.level[v], s.cause[v] = int32(len(s.limits)), cause
	s.trail = append(s.trail, l)
}

// propagate follows what the assignment forces. It returns a clause that cannot
// be satisfied any more, or -1.
func (s *cdcl) propagate() int32 {
	for s.next < len(s.trail) {
		falsified := -s.trail[s.next]
		s.next++
		list := s.watches[slot(falsified)]
		kept := list[:0]
		for n, i := range list {
			c := s.clauses[i]
			if c[0] == falsified {
				c[0], c[1] = c[1], c[0]
			}
			if s.of(c[0]) > 0 || !s.rewatch(c, i) {
				kept = append(kept, i)
			} else {
				continue
			}
			switch s.of(c[0]) {
			case 0:
				s.assign(c[0], int32(i))
			case -1:
				kept = append(kept, list[n+1:]...)
				s.watches[slot(falsified)] = kept
				return int32(i)
			}
		}
		s.watches[slot(falsified)] = kept
	}
	return -1
}

// rewatch looks for another literal of a clause to watch than its second.
func (s *cdcl) rewatch(c []literal, i int) bool {
	for k := 2; k < len(c); k++ {
		if s.of(c[k]) >= 0 {
			c[1], c[k] = c[k], c[1]
			s.watches[slot(c[1])] = append(s.watches[slot(c[1])], i)
			return true
		}
	}
	return false
}

func (s *cdcl) backtrack(level int) {
	if len(s.limits) <= level {
		return
	}
	from := s.limits[level]
	for _, l := range s.trail[from:] {
		s.phase[l.variable()] = l > 0
		s.values[l.variable()] = 0
		s.level[l.variable()] = 0
		s.reopen(int32(l.variable()))
	}
	s.trail, s.limits = s.trail[:from], s.limits[:level]
	s.next = from
}

func (s *cdcl) solve(ctx context.Context) (bool, error) {
	for steps := 0; !s.broken; steps++ {
		if steps%256 == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		if conflict := s.propagate(); conflict >= 0 {
			if len(s.limits) == 0 {
				s.broken = true
				break
			}
			s.learn(conflict)
			continue
		}
		v := s.choose()
		if v == 0 {
			return true, nil
		}
		s.limits = append(s.limits, len(s.trail))
		if s.phase[v] {
			s.assign(literal(v), -1)
		} else {
			s.assign(literal(-v), -1)
		}
	}
	return false, nil
}

// choose returns the most active open variable, 0 when there is none.
func (s *cdcl) choose() int {
	for len(s.heap) > 0 {
		v := s.heap[0]
		last := len(s.heap) - 1
		s.put(0, s.heap[last])
		s.heap = s.heap[:last]
		s.place[v] = -1
		if last > 0 {
			s.sink(0)
		}
		if s.values[v] == 0 {
			return int(v)
		}
	}
	return 0
}

// reopen puts a variable back into the heap.
func (s *cdcl) reopen(v int32) {
	if s.place[v] < 0 {
		s.heap = append(s.heap, v)
		s.put(len(s.heap)-1, v)
		s.rise(len(s.heap) - 1)
	}
}

func (s *cdcl) put(i int, v int32) {
	s.heap[i], s.place[v] = v, int32(i)
}

// before orders the heap; variables of equal activity come as they were made.
func (s *cdcl) before(v, w int32) bool {
	return s.activity[v] > s.activity[w] || s.activity[v] == s.activity[w] && v < w
}

func (s *cdcl) rise(i int) {
	v := s.heap[i]
	for i > 0 && s.before(v, s.heap[(i-1)/2]) {
		s.put(i, s.heap[(i-1)/2])
		i = (i - 1) / 2
	}
	s.put(i, v)
}

func (s *cdcl) sink(i int) {
	v := s.heap[i]
	for 2*i+1 < len(s.heap) {
		kid := 2*i + 1
		if kid+1 < len(s.heap) && s.before(s.heap[kid+1], s.heap[kid]) {
			kid++
		}
		if !s.before(s.heap[kid], v) {
			break
		}
		s.put(i, s.heap[kid])
		i = kid
	}
	s.put(i, v)
}

// learn adds the clause at the first implication point of a conflict and goes
// back to where it forces a literal.
func (s *cdcl) learn(conflict int32) {
	learned := []literal{0}
	current, open, at := int32(len(s.limits)), 0, len(s.trail)
	var point literal
	for {
		for _, l := range s.clauses[conflict] {
			v := l.variable()
			if l == point || s.seen[v] || s.level[v] == 0 {
				continue
			}
			s.seen[v] = true
			s.activity[v] += s.bump
			if s.place[v] >= 0 {
				s.rise(int(s.place[v]))
			}
			if s.level[v] == current {
				open++
			} else {
				learned = append(learned, l)
			}
		}
		for {
			at--
			point = s.trail[at]
			if s.seen[point.variable()] {
				break
			}
		}
		s.seen[point.variable()] = false
		if open--; open == 0 {
			break
		}
		conflict = s.cause[point.variable()]
	}
	learned[0] = -point
	back, second := int32(0), 0
	for i, l := range learned[1:] {
		s.seen[l.variable()] = false
		if s.level[l.variable()] > back {
			back, second = s.level[l.variable()], i+1
		}
	}
	s.backtrack(int(back))
	if len(learned) == 1 {
		s.assign(learned[0], -1)
	} else {
		learned[1], learned[second] = learned[second], learned[1]
		s.assign(learned[0], s.watch(learned))
	}
	if s.bump *= 1.05; s.bump > 1e100 {
		for v := range s.activity {
			s.activity[v] *= 1e-100
		}
		s.bump *= 1e-100
	}
}
