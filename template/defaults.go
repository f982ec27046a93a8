package template

import "slices"

// ConditionByDefault is the code of findings that something which says who may do
// what is not read, since the defaults of parameters leave it out.
const ConditionByDefault = "CONDITION_BY_DEFAULT"

// defaultsUsed are the parameters that had no value but their default in what is
// being evaluated.
type defaultsUsed []string

func (d *defaultsUsed) add(names ...string) {
	for _, name := range names {
		if !slices.Contains(*d, name) {
			*d = append(*d, name)
		}
	}
}

// during returns those that a function uses.
func (d *defaultsUsed) during(f func()) []string {
	around := *d
	*d = nil
	f()
	used := *d
	*d = around
	d.add(used...)
	return used
}
