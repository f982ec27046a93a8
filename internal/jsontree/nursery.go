package jsontree

// nursery is where children stay until their container closes: on a stack, from
// which they are copied once, into a slice of exactly the right size.
type nursery[T any] struct {
	open   []T // the children of the containers that are open
	most   int // how many there were at most
	block  []T // what slices are cut from
	blocks int // room of all blocks of this text
}

// keep takes what lies above base off the stack. Slices are cut from blocks of
// the given size, which saves an allocation per container; a tree is kept or
// dropped as a whole, so none outlives its use.
func (n *nursery[T]) keep(base, blockSize int) []T {
	children := n.open[base:]
	n.most = max(n.most, len(n.open))
	if cap(n.block)-len(n.block) < len(children) {
		n.block = make([]T, 0, max(len(children), blockSize))
		n.blocks += cap(n.block)
	}
	start := len(n.block)
	n.block = append(n.block, children...)
	n.open = n.open[:base]
	return n.block[start:len(n.block):len(n.block)]
}

// maxKept bounds the memory that is kept for other texts, in nodes.
const maxKept = 2048

// empty makes the nursery ready for another text, with nothing of this one in
// it. Where several blocks were needed, one of the size of all takes their place;
// what a large text took is left to the garbage collector.
func (n *nursery[T]) empty() {
	n.open = emptied(n.open, max(n.most, len(n.open)))
	if n.blocks > cap(n.block) && n.blocks <= maxKept {
		n.block = make([]T, 0, n.blocks)
	} else {
		n.block = emptied(n.block, len(n.block))
	}
	n.most, n.blocks = 0, cap(n.block)
}

func emptied[T any](memory []T, used int) []T {
	if cap(memory) > maxKept {
		return nil
	}
	clear(memory[:used])
	return memory[:0]
}

// letGo leaves the blocks to the tree that is in them.
func (n *nursery[T]) letGo() { n.block, n.blocks = nil, 0 }
