package check

import "github.com/writ-iam/writ/policy"

// scratch is room for what is worked out about one document. A [Memory] keeps it
// for the next one.
type scratch struct {
	statements slab[statement]
	entries    slab[entry]
	items      slab[item]
	resources  slab[resource]
	patterns   slab[policy.ActionPattern]
	conditions slab[condition]

	actions, named glance // see suspects
}

func (s *scratch) reset() {
	s.statements.reset()
	s.entries.reset()
	s.items.reset()
	s.resources.reset()
	s.patterns.reset()
	s.conditions.reset()
	s.actions.reset()
	s.named.reset()
}

// slab hands out parts of one array.
type slab[T any] struct{ taken []T }

// take returns n zero values. What was handed out before stays as it is.
func (s *slab[T]) take(n int) []T {
	const least = 16
	start := len(s.taken)
	if start+n > cap(s.taken) {
		start, s.taken = 0, make([]T, 0, max(n, 2*cap(s.taken), least))
	}
	s.taken = s.taken[:start+n]
	return s.taken[start : start+n : start+n]
}

// reset takes everything back. The room for a large document is given up.
func (s *slab[T]) reset() {
	const most = 1 << 12
	if cap(s.taken) > most {
		s.taken = nil
	}
	clear(s.taken)
	s.taken = s.taken[:0]
}
