package template

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed facts/resources.txt
var resourceFacts string

// resourceFact says what Ref and Fn::GetAtt give for a type of resources, as
// formats; facts/resources.txt explains those.
type resourceFact struct {
	ref        string
	attributes map[string]string
}

// resourceTypes reads the table when it is first needed.
var resourceTypes = sync.OnceValue(func() map[string]*resourceFact {
	types := map[string]*resourceFact{}
	var last *resourceFact
	for line := range strings.Lines(resourceFacts) {
		line = strings.TrimRight(line, "\n")
		name, format, ok := strings.Cut(strings.TrimPrefix(line, "\t"), " ")
		switch {
		case !ok, strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "\t"):
			last.attributes[name] = format
		default:
			last = &resourceFact{ref: format, attributes: map[string]string{}}
			types[name] = last
		}
	}
	return types
})
