package yamltree

import (
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// converter turns the nodes of one document into values.
type converter struct {
	text       string
	lines      []int         // where lines begin
	strides    map[int][]int // see offset
	duplicates []jsontree.Duplicate

	aliases  []*yaml.Node // the anchored nodes being expanded
	expanded int          // values that aliases have added
	copied   int          // bytes of text that aliases have had read again
}

// start returns where a node begins, its anchor and tag included.
func (c *converter) start(n *yaml.Node) int {
	return c.offset(n.Line, n.Column)
}

func (c *converter) value(v *jsontree.Value, n *yaml.Node, depth int) *jsontree.Error {
	start := c.start(n)
	if len(c.aliases) > 0 {
		if c.expanded++; c.expanded > maxExpanded {
			return fail(span(start, start), "aliases expand to more than %d values", maxExpanded)
		}
	}
	if depth > jsontree.MaxDepth {
		return fail(span(start, start+1), "nested deeper than %d levels", jsontree.MaxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return c.alias(n, start, func(target *yaml.Node) *jsontree.Error { return c.value(v, target, depth) })
	}
	convert := c.untagged
	if custom(n) {
		convert = c.function
	}
	if err := convert(v, n, start, depth); err != nil {
		return err
	}
	return c.again(start, int(v.Span.End)-start)
}

// untagged converts a node without looking at its tag for a function.
func (c *converter) untagged(v *jsontree.Value, n *yaml.Node, start, depth int) *jsontree.Error {
	return c.plain(v, n, c.contentStart(n, start), depth)
}

// again counts what is read because of an alias, its comments and spaces
// included.
func (c *converter) again(at, size int) *jsontree.Error {
	if len(c.aliases) == 0 {
		return nil
	}
	if c.copied += size; c.copied > maxCopied {
		return fail(span(at, at), "aliases expand to more than %d bytes", maxCopied)
	}
	return nil
}

// alias visits what an alias names.
func (c *converter) alias(n *yaml.Node, start int, visit func(*yaml.Node) *jsontree.Error) *jsontree.Error {
	for _, open := range c.aliases {
		if open == n.Alias {
			return fail(c.word(start), "alias %q stands inside what it names", n.Value)
		}
	}
	if len(c.aliases) >= jsontree.MaxDepth {
		return fail(c.word(start), "aliases nest deeper than %d levels", jsontree.MaxDepth)
	}
	c.aliases = append(c.aliases, n.Alias)
	err := visit(n.Alias)
	c.aliases = c.aliases[:len(c.aliases)-1]
	return err
}

// plain converts a node whose content begins at start, whatever its tag.
func (c *converter) plain(v *jsontree.Value, n *yaml.Node, start, depth int) *jsontree.Error {
	switch n.Kind {
	case yaml.MappingNode:
		return c.mapping(v, n, start, depth)
	case yaml.SequenceNode:
		return c.sequence(v, n, start, depth)
	}
	v.Span = span(start, c.scalarEnd(n, start))
	v.Kind, v.Text = resolve(n)
	if v.Kind == jsontree.Invalid {
		return fail(v.Span, "%q does not fit its tag %s", n.Value, n.Tag)
	}
	return nil
}

func (c *converter) sequence(v *jsontree.Value, n *yaml.Node, start, depth int) *jsontree.Error {
	v.Kind = jsontree.Array
	v.Items = make([]jsontree.Value, len(n.Content))
	end := start
	for i, item := range n.Content {
		if err := c.value(&v.Items[i], item, depth+1); err != nil {
			return err
		}
		end = max(end, c.end(item, &v.Items[i]))
	}
	v.Span = span(start, c.containerEnd(n, end, ']'))
	return nil
}

// end returns where an item ends in the text of its container: an alias ends
// where it stands, not where its anchor does.
func (c *converter) end(n *yaml.Node, v *jsontree.Value) int {
	if n.Kind == yaml.AliasNode {
		return c.wordEnd(c.start(n))
	}
	return int(v.Span.End)
}

func (c *converter) mapping(v *jsontree.Value, n *yaml.Node, start, depth int) *jsontree.Error {
	v.Kind = jsontree.Object
	v.Members = make([]jsontree.Member, 0, len(n.Content)/2)
	var merged []jsontree.Member
	end := start
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) {
			if err := c.merge(&merged, value, depth); err != nil {
				return err
			}
			end = max(end, c.nodeEnd(value))
			continue
		}
		var m jsontree.Member
		if err := c.key(&m, key); err != nil {
			return err
		}
		if err := c.value(&m.Value, value, depth+1); err != nil {
			return err
		}
		end = max(end, int(m.NameSpan.End), c.end(value, &m.Value))
		v.Members = append(v.Members, m)
	}
	c.join(v, merged)
	v.Span = span(start, c.containerEnd(n, end, '}'))
	return nil
}

// join reports names that a mapping uses twice, and puts before its members
// those that come from merge keys. They give way to members of the mapping
// itself, later ones to earlier ones, as YAML has it.
func (c *converter) join(v *jsontree.Value, merged []jsontree.Member) {
	first := make(map[string]source.Span, len(v.Members))
	for i := range v.Members {
		m := &v.Members[i]
		if before, seen := first[m.Name]; seen {
			c.duplicates = append(c.duplicates, jsontree.Duplicate{Name: m.Name, First: before, Second: m.NameSpan})
		} else {
			first[m.Name] = m.NameSpan
		}
	}
	if len(merged) == 0 {
		return
	}
	all := make([]jsontree.Member, 0, len(merged)+len(v.Members))
	for _, m := range merged {
		if _, seen := first[m.Name]; !seen {
			first[m.Name] = m.NameSpan
			all = append(all, m)
		}
	}
	v.Members = append(all, v.Members...)
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && (key.Tag == "" || key.Tag == "!!merge")
}

// merge appends the members of a mapping, or of each mapping in a sequence.
func (c *converter) merge(members *[]jsontree.Member, n *yaml.Node, depth int) *jsontree.Error {
	start := c.start(n)
	if depth > jsontree.MaxDepth {
		return fail(c.word(start), "nested deeper than %d levels", jsontree.MaxDepth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return c.alias(n, start, func(target *yaml.Node) *jsontree.Error { return c.merge(members, target, depth) })
	case yaml.MappingNode:
		var from jsontree.Value
		if err := c.untagged(&from, n, start, depth+1); err != nil {
			return err
		}
		*members = append(*members, from.Members...)
		return c.again(start, int(from.Span.End)-start)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if err := c.merge(members, item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return fail(c.word(start), "a merge key << takes a mapping or a sequence of mappings")
}

// key converts the key of a mapping. Numbers, booleans and null become strings
// as they are written.
func (c *converter) key(m *jsontree.Member, n *yaml.Node) *jsontree.Error {
	start := c.start(n)
	written := n
	for n.Kind == yaml.AliasNode {
		n = n.Alias
		if c.copied += len(n.Value); c.copied > maxCopied {
			return fail(c.word(start), "aliases expand to more than %d bytes", maxCopied)
		}
	}
	if n.Kind != yaml.ScalarNode || custom(n) {
		return fail(c.word(start), "a key must be a scalar")
	}
	if n.Value == "" && n.Style&quoted == 0 && n.Tag != "!!str" {
		return fail(span(start, start), "a key is missing here")
	}
	m.Name = n.Value
	if written.Kind == yaml.AliasNode {
		m.NameSpan = span(start, c.wordEnd(start))
		return nil
	}
	start = c.contentStart(n, start)
	m.NameSpan = span(start, c.scalarEnd(n, start))
	return nil
}

// nodeEnd returns where a node ends, without converting it.
func (c *converter) nodeEnd(n *yaml.Node) int {
	start := c.start(n)
	if n.Kind == yaml.ScalarNode {
		return c.scalarEnd(n, c.contentStart(n, start))
	}
	if n.Kind == yaml.AliasNode || len(n.Content) == 0 {
		return c.wordEnd(start)
	}
	return c.containerEnd(n, c.nodeEnd(n.Content[len(n.Content)-1]), closing(n))
}

func closing(n *yaml.Node) byte {
	if n.Kind == yaml.MappingNode {
		return '}'
	}
	return ']'
}

// containerEnd returns where a container ends whose last child ends at end.
func (c *converter) containerEnd(n *yaml.Node, end int, closing byte) int {
	if n.Style&yaml.FlowStyle == 0 {
		return end
	}
	for at := end; at < len(c.text); at++ {
		switch c.text[at] {
		case closing:
			return at + 1
		case '#':
			for at+1 < len(c.text) && c.text[at+1] != '\n' {
				at++
			}
		}
	}
	return end
}

// contentStart passes over the anchor and the tag of a node that begins at an
// offset.
func (c *converter) contentStart(n *yaml.Node, at int) int {
	empty := n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&quoted == 0
	for at < len(c.text) && (c.text[at] == '&' || c.text[at] == '!') {
		end := c.wordEnd(at)
		at = c.skipSpace(end)
		if at == len(c.text) || empty && c.text[at] != '&' && c.text[at] != '!' {
			return end
		}
	}
	return at
}

// word returns the span of a word for an error, one character at least.
func (c *converter) word(at int) source.Span {
	return span(at, max(c.wordEnd(at), skipRunes(c.text, at, 1)))
}

// wordEnd returns the end of an alias, an anchor or a tag.
func (c *converter) wordEnd(at int) int {
	for at < len(c.text) && strings.IndexByte(" \t\r\n,[]{}", c.text[at]) < 0 {
		_, size := utf8.DecodeRuneInString(c.text[at:])
		at += size
	}
	return at
}

// skipSpace passes over white space, line breaks and comments.
func (c *converter) skipSpace(at int) int {
	for at < len(c.text) {
		switch c.text[at] {
		case ' ', '\t', '\r', '\n':
			at++
		case '#':
			for at < len(c.text) && c.text[at] != '\n' {
				at++
			}
		default:
			return at
		}
	}
	return at
}

// scalarEnd returns where a scalar ends whose content begins at start.
func (c *converter) scalarEnd(n *yaml.Node, start int) int {
	switch {
	case start >= len(c.text):
		return start
	case n.Style&yaml.DoubleQuotedStyle != 0 && c.text[start] == '"':
		return c.quotedEnd(start)
	case n.Style&yaml.SingleQuotedStyle != 0 && c.text[start] == '\'':
		return c.quotedEnd(start)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return c.blockEnd(n.Value, start)
	}
	return c.plainEnd(n.Value, start)
}

func (c *converter) quotedEnd(start int) int {
	quote := c.text[start]
	for i := start + 1; i < len(c.text); i++ {
		switch {
		case c.text[i] == '\\' && quote == '"':
			i++
		case c.text[i] == quote && quote == '\'' && i+1 < len(c.text) && c.text[i+1] == quote:
			i++
		case c.text[i] == quote:
			return i + 1
		}
	}
	return len(c.text)
}

// plainEnd follows an unquoted scalar through the text, where a line break and
// the white space around it stand for one space or for line breaks.
func (c *converter) plainEnd(value string, start int) int {
	if strings.HasPrefix(c.text[start:], value) {
		return start + len(value)
	}
	at := start
	for i := 0; i < len(value); i++ {
		if isSpace(value[i]) {
			continue
		}
		for at < len(c.text) && isSpace(c.text[at]) {
			at++
		}
		if at >= len(c.text) || c.text[at] != value[i] {
			return at
		}
		at++
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// blockEnd returns the end of the last line with text of a | or > scalar that
// has a value; start is in the line of its header. The first such line may be
// indented further than the others: by the spaces that the value begins with.
// Where the value is empty, so is what follows the header.
func (c *converter) blockEnd(value string, start int) int {
	line := sort.SearchInts(c.lines, start+1) // the first one after the header
	body := strings.TrimLeft(value, " \n")
	if body == "" {
		return c.lineEnd(line - 1)
	}
	before := value[:len(value)-len(body)]
	further := len(before) - (strings.LastIndexByte(before, '\n') + 1)
	end, indent := c.lineEnd(line-1), -1
	for ; line < len(c.lines); line++ {
		last := c.lineEnd(line)
		text := c.text[c.lines[line]:last]
		depth := len(text) - len(strings.TrimLeft(text, " "))
		switch {
		case depth == len(text): // blank
			continue
		case indent < 0:
			indent = max(0, depth-further)
		case depth < indent, indent == 0 && isMarker(text):
			return end
		}
		end = last
	}
	return end
}

// isMarker reports whether a line ends the document that it stands in.
func isMarker(line string) bool {
	return len(line) >= 3 && (line[:3] == "---" || line[:3] == "...") && (len(line) == 3 || isSpace(line[3]))
}

// lineEnd returns where a line, counted from 0, ends without its line break.
func (c *converter) lineEnd(line int) int {
	start, end := c.lines[line], len(c.text)
	if line+1 < len(c.lines) {
		end = c.lines[line+1]
	}
	return start + len(strings.TrimRight(c.text[start:end], "\r\n\u0085\u2028\u2029"))
}
