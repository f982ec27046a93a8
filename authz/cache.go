package authz

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// cache keeps what was worked out for an action. Reading takes no lock. It is
// bounded, so that made-up actions cannot fill memory.
type cache[T any] struct {
	key    func(*T) string
	table  atomic.Pointer[[]atomic.Pointer[T]] // open addressing, a power of two, at most half full
	seen   atomic.Pointer[[]atomic.Uint32]     // hashes of actions that were asked for, see again; a power of two
	misses atomic.Uint32                       // actions that were not seen, since seen has its size
	room   int                                 // how many may be seen at most; 0 for the least
	mu     sync.Mutex
	used   int
}

const (
	minActions = 16
	maxActions = 1 << 15
	minSeen    = 64
	maxSeen    = 1 << 13
)

// action is an action that is asked about, with what every look-up needs of it.
type action struct {
	text    string
	service string // in small letters; plans are found without it
	hash    uint64
}

// seed is one for all caches: a request hashes its action once.
var seed = maphash.MakeSeed()

func actionOf(text string) action { return action{text, serviceOf(text), hashOf(text)} }

func hashOf(text string) uint64 { return maphash.String(seed, text) }

func newCache[T any](key func(*T) string) *cache[T] {
	c := &cache[T]{key: key}
	table := make([]atomic.Pointer[T], minActions)
	c.table.Store(&table)
	return c
}

func (c *cache[T]) get(a *action) *T {
	table := *c.table.Load()
	mask := uint64(len(table) - 1)
	for i := a.hash & mask; ; i = (i + 1) & mask {
		v := table[i].Load()
		if v == nil || c.key(v) == a.text {
			return v
		}
	}
}

// again reports whether an action was asked for before, as far as is known.
func (c *cache[T]) again(a *action) bool {
	seen := c.seen.Load()
	if seen == nil {
		seen = c.remember(nil, minSeen)
	}
	tag := uint32(a.hash>>32) | 1
	slot := &(*seen)[a.hash%uint64(len(*seen))]
	last := slot.Load()
	if last == tag {
		return true
	}
	misses, n := c.misses.Add(1), len(*seen)
	if last == 0 || misses%2 == 0 { // or else actions that take turns would never be seen again
		slot.Store(tag)
	}
	if n < c.room && misses > uint32(2*n) {
		c.remember(seen, 2*n) // many take turns: remember more of them
	}
	return false
}

// remember makes room for n actions that were asked for, unless another goroutine
// did so first.
func (c *cache[T]) remember(old *[]atomic.Uint32, n int) *[]atomic.Uint32 {
	seen := make([]atomic.Uint32, n)
	if c.seen.CompareAndSwap(old, &seen) {
		c.misses.Store(0)
	}
	return c.seen.Load()
}

func (c *cache[T]) put(a *action, v *T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used >= maxActions || c.get(a) != nil {
		return
	}
	table := *c.table.Load()
	if c.used*2 >= len(table) {
		larger := make([]atomic.Pointer[T], len(table)*2)
		for i := range table {
			if old := table[i].Load(); old != nil {
				c.place(larger, old)
			}
		}
		c.table.Store(&larger)
		table = larger
	}
	c.place(table, v)
	c.used++
}

func (c *cache[T]) place(table []atomic.Pointer[T], v *T) {
	mask := uint64(len(table) - 1)
	i := maphash.String(seed, c.key(v)) & mask
	for table[i].Load() != nil {
		i = (i + 1) & mask
	}
	table[i].Store(v)
}

// without returns a copy that lacks what is kept for some actions.
func (c *cache[T]) without(drop func(action string) bool) *cache[T] {
	next := newCache(c.key)
	next.room = c.room
	table := *c.table.Load()
	for i := range table {
		if v := table[i].Load(); v != nil && !drop(c.key(v)) {
			a := actionOf(c.key(v))
			next.put(&a, v)
		}
	}
	return next
}
