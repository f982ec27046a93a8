package authz

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// cache keeps what was worked out for an action. Reading takes no lock. It is
// bounded, so that made-up actions cannot fill memory.
type cache[T any] struct {
	table  atomic.Pointer[[]atomic.Pointer[kept[T]]] // open addressing, a power of two, at most half full
	seen   atomic.Pointer[[]atomic.Uint32]           // hashes of actions that were asked for, see again; a power of two
	misses atomic.Uint32                             // actions that were not seen, since seen has its size
	room   int                                       // how many may be seen at most; 0 for the least
	mu     sync.Mutex
	used   int
}

type kept[T any] struct {
	action string
	value  *T
}

const (
	minActions = 16
	maxActions = 1 << 15
	minSeen    = 64
	maxSeen    = 1 << 13
)

// seed is one for all caches: a request hashes its action once.
var seed = maphash.MakeSeed()

func hashOf(text string) uint64 { return maphash.String(seed, text) }

func newCache[T any]() *cache[T] { return new(cache[T]) }

func (c *cache[T]) get(a *action) *T {
	table := c.table.Load()
	if table == nil {
		return nil
	}
	mask := uint64(len(*table) - 1)
	for i := a.hash & mask; ; i = (i + 1) & mask {
		k := (*table)[i].Load()
		if k == nil {
			return nil
		}
		if k.action == a.text {
			return k.value
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

// size is how many values are kept.
func (c *cache[T]) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// put keeps a value, and returns the one that is kept: another goroutine may have
// been first.
func (c *cache[T]) put(a *action, v *T) *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.get(a); old != nil {
		return old
	}
	if c.used >= maxActions {
		return v
	}
	c.grow()
	c.used++
	place(*c.table.Load(), &kept[T]{a.text, v})
	return v
}

// grow makes room for one more.
func (c *cache[T]) grow() {
	var old []atomic.Pointer[kept[T]]
	if table := c.table.Load(); table != nil {
		old = *table
	}
	if c.used*2 < len(old) {
		return
	}
	larger := make([]atomic.Pointer[kept[T]], max(minActions, len(old)*2))
	for i := range old {
		if k := old[i].Load(); k != nil {
			place(larger, k)
		}
	}
	c.table.Store(&larger)
}

func place[T any](table []atomic.Pointer[kept[T]], k *kept[T]) {
	mask := uint64(len(table) - 1)
	i := hashOf(k.action) & mask
	for table[i].Load() != nil {
		i = (i + 1) & mask
	}
	table[i].Store(k)
}

// without returns a copy that lacks what is kept for some actions.
func (c *cache[T]) without(drop func(action string) bool) *cache[T] {
	next := newCache[T]()
	next.room = c.room
	table := c.table.Load()
	if table == nil {
		return next
	}
	for i := range *table {
		if k := (*table)[i].Load(); k != nil && !drop(k.action) {
			a := actionOf(k.action)
			next.put(&a, k.value)
		}
	}
	return next
}
