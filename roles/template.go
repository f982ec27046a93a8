package roles

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
)

// A shape lists the ways in which a parameter may be written, most specific
// first. Text stands for itself; {name} captures one or more characters other
// than ':' '/' '*' '?'; {name...}, at the end, captures the rest. A way may be
// given a name: "profile = us.{model...}".
type shape []string

// captures holds the values of names; the first of a name counts. It is small,
// so it is searched in order.
type captures []capture

type capture struct {
	name, value string
	unknown     bool    // value holds a "*" for what is not known before run time
	from        *origin // nil where it is written where it is used
}

// own returns captures with room for those of one more parameter and for those
// of the machine, which nobody else adds to.
func (c captures) own() captures {
	const perParameter, ofMachine = 6, 5
	return append(make(captures, 0, len(c)+perParameter+ofMachine), c...)
}

func (c captures) get(name string) (capture, bool) {
	for _, e := range c {
		if e.name == name {
			return e, true
		}
	}
	return capture{}, false
}

// read matches a text against the ways of a shape, and returns the name of the
// way that fits with what it captured. In an open text "*" stands for what is
// not known before run time.
func (s shape) read(text string, into captures, open bool) (variant string, out captures, ok bool) {
	if hole.Has(text) {
		text = domains.Replace(text)
	}
	for _, way := range s {
		name, pattern := cutVariant(way)
		if strings.HasPrefix(pattern, "{") && strings.HasPrefix(text, "arn:") {
			continue // a way without a prefix is for names
		}
		if got, ok := scan(pattern, text, into, open); ok {
			return name, got, true
		}
	}
	return "", into, false
}

// domains writes the domain of AWS's services for the holes that stand for it.
// Other partitions have others, of which nothing but the host's name hangs.
var domains = strings.NewReplacer(
	hole.Text("AWS::URLSuffix"), "amazonaws.com",
	hole.Text("data.aws_partition.current.dns_suffix"), "amazonaws.com",
)

func cutVariant(way string) (name, pattern string) {
	if before, after, ok := strings.Cut(way, " = "); ok {
		return before, after
	}
	return "", way
}

// mayBe reports whether an open text that was read in one way could be of a
// variant that stands before it: what it begins with does not rule that out.
func (s shape) mayBe(variant, way, open string) bool {
	lead, _, _ := strings.Cut(open, "*")
	for _, w := range s {
		name, pattern := cutVariant(w)
		if name == way && way != variant {
			if _, _, ok := (shape{w}).read(open, nil, true); ok {
				return false // ways behind the one that fits are not asked
			}
		}
		literal, _, _ := strings.Cut(pattern, "{")
		if name == variant && (strings.HasPrefix(lead, literal) || strings.HasPrefix(literal, lead)) {
			return true
		}
	}
	return false
}

// unknown captures "*" for what every way of the shape, or of the one variant
// asked for, names; the machine's own partition, region and account bound it.
// elsewhere says that a value could name another account.
func (s shape) unknown(variant string, into captures) (out captures, elsewhere bool) {
	first := true
	var common []string
	for _, way := range s {
		name, pattern := cutVariant(way)
		if variant != "" && name != variant {
			continue
		}
		names := captureNames(pattern)
		if len(names) == 0 {
			continue // stands for nothing given
		}
		elsewhere = elsewhere || slices.Contains(names, "account")
		if first {
			common, first = names, false
			continue
		}
		common = keep(common, names)
	}
	for _, name := range common {
		if name != "account" && name != "region" && name != "partition" {
			into = append(into, capture{name: name, value: "*", unknown: true})
		}
	}
	return into, elsewhere
}

func keep(names, also []string) []string {
	var kept []string
	for _, n := range names {
		if slices.Contains(also, n) {
			kept = append(kept, n)
		}
	}
	return kept
}

func captureNames(pattern string) []string {
	var names []string
	for {
		_, after, ok := strings.Cut(pattern, "{")
		if !ok {
			return names
		}
		name, rest, _ := strings.Cut(after, "}")
		names = append(names, strings.TrimSuffix(name, "..."))
		pattern = rest
	}
}

// scan matches text against one way of a shape. A capture runs up to the next
// delimiter; only a capture of many segments looks for its end from the right.
func scan(pattern, text string, into captures, open bool) (captures, bool) {
	out := into
	for {
		literalText, rest, capturing := strings.Cut(pattern, "{")
		if !strings.HasPrefix(text, literalText) {
			return into, false
		}
		text = text[len(literalText):]
		if !capturing {
			return out, text == ""
		}
		name, after, _ := strings.Cut(rest, "}")
		if many, ok := strings.CutSuffix(name, "..."); ok {
			return scanMany(many, after, text, out, open)
		}
		end := segmentEnd(text, after, open)
		if end == 0 {
			return into, false
		}
		out = append(out, captured(name, text[:end], open))
		text, pattern = text[end:], after
	}
}

// captured is a piece of text under a name. In an open text "*" is a wildcard;
// elsewhere it is a character like any other.
func captured(name, text string, open bool) capture {
	if open {
		return capture{name: name, value: text, unknown: strings.Contains(text, "*")}
	}
	return capture{name: name, value: literal(text)}
}

// segmentEnd is where a capture that is followed by a pattern stops: at a
// delimiter, or where the pattern's next text stands if that comes first.
func segmentEnd(text, after string, open bool) int {
	end := 0
	for end < len(text) && !isDelimiter(text[end], open) {
		end++
	}
	if until, _, _ := strings.Cut(after, "{"); until != "" {
		if i := strings.Index(text[:end], until[:1]); i >= 0 {
			if i := strings.Index(text, until); i >= 0 && i < end {
				return i
			}
		}
	}
	return end
}

func isDelimiter(c byte, open bool) bool {
	return c == ':' || c == '/' || c == '?' || c == '*' && !open
}

// scanMany captures as much as it can: the whole text where nothing follows.
func scanMany(name, after, text string, into captures, open bool) (captures, bool) {
	for end := len(text); end > 0; end-- {
		if after != "" && (end == len(text) || text[end] != after[0]) {
			continue
		}
		if out, ok := scan(after, text[end:], append(into, captured(name, text[:end], open)), open); ok {
			return out, true
		}
		if after == "" {
			break
		}
	}
	return into, false
}

// fill writes a template: {name} is the value captured under that name,
// {name:lower} the same in small letters, and
// [text {name}] is written only when name was captured. known is false when a
// value in it is not known before run time; missing when one was never captured.
func fill(template string, values captures) (text string, known, complete bool) {
	known, complete = true, true
	var b strings.Builder
	b.Grow(len(template) + 48)
	for i := 0; i < len(template); {
		switch c := template[i]; c {
		case '[':
			end := i + strings.IndexByte(template[i:], ']')
			inner, innerKnown, whole := fill(template[i+1:end], values)
			if whole {
				b.WriteString(inner)
				known = known && innerKnown
			}
			i = end + 1
		case '{':
			end := i + strings.IndexByte(template[i:], '}')
			name, lower := strings.CutSuffix(template[i+1:end], ":lower")
			v, ok := values.get(name)
			if lower && hole.Has(v.value) {
				v.value, v.unknown = "*", true
			} else if lower {
				v.value = strings.ToLower(v.value)
			}
			b.WriteString(v.value)
			known = known && !v.unknown
			complete = complete && ok
			i = end + 1
		case '*':
			if !strings.HasSuffix(b.String(), "*") { // one "*" says as much as two
				b.WriteByte(c)
			}
			i++
		default:
			plain := i + 1
			for plain < len(template) && template[plain] != '[' && template[plain] != '{' && template[plain] != '*' {
				plain++
			}
			b.WriteString(template[i:plain])
			i = plain
		}
	}
	return b.String(), known, complete
}

// literal escapes text for the Resource element of a policy, where '*' and '?'
// are wildcards and "${" begins a variable.
func literal(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '*' || c == '?':
			b.WriteString("${" + string(c) + "}")
		case c == '$' && strings.HasPrefix(text[i+1:], "{"):
			b.WriteString("${$}")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isPlain reports whether a text means itself in the Resource element of a policy.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c == '*' || c == '?' || c == '$' {
			return false
		}
	}
	return true
}
