package template

import (
	"math/big"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// scope is what the names in an expression mean.
type scope struct {
	m        *module
	file     *source.File
	template bool               // in a file of templatefile: variables alone
	vars     map[string]tfValue // of loops, dynamic blocks and templates
	resource *tfResource        // whose instance is made; nil elsewhere
	keys     *instanceKeys
	tag      string // tells what is unknown in one pass of a loop from the next
	item     *tfValue
	depth    int
}

// instanceKeys are each.key, each.value and count.index.
type instanceKeys struct{ key, value, index tfValue }

// maxExpression is how deeply expressions may nest.
const maxExpression = 512

func spanOf(r hcl.Range) source.Span {
	return source.Span{Start: int32(r.Start.Byte), End: int32(r.End.Byte)}
}

// inner returns a scope inside of this one with more variables.
func (s *scope) inner(tag string, vars map[string]tfValue) *scope {
	c := *s
	c.vars = map[string]tfValue{}
	for name, v := range s.vars {
		c.vars[name] = v
	}
	for name, v := range vars {
		c.vars[name] = v
	}
	c.tag += tag
	return &c
}

// unknown is the hole of an expression that is not known. Its name is the text
// of the expression, with the instance and the pass of the loop that it is in.
func (s *scope) unknown(e hclsyntax.Expression, why string) tfValue {
	span := spanOf(e.Range())
	return s.unknownText(s.file.Slice(span), span, why)
}

func (s *scope) unknownText(text string, span source.Span, why string) tfValue {
	s.m.t.spend(s.file, span, 0, len(text))
	name := strings.Join(strings.Fields(source.Clip(text, maxHoleName)), " ")
	if len(text) > maxHoleName {
		name += digest(text)
	}
	name = s.m.path + name
	if s.resource != nil && s.keys != nil && (strings.Contains(text, "each.") || strings.Contains(text, "count.")) {
		name += " of " + s.resource.address
	}
	if s.template {
		name += " in " + s.file.Name + s.tag
	} else if s.item != nil || s.mentions(text) {
		name += s.tag
	}
	if hole.Reserved(name) >= 0 {
		name = "?"
	}
	return tfText(s.m.t.hole(Hole{Name: name, Why: why}), s.file, span)
}

// mentions reports whether a text may refer to a variable of a loop.
func (s *scope) mentions(text string) bool {
	for name := range s.vars {
		if strings.Contains(text, name) {
			return true
		}
	}
	return false
}

// eval evaluates an expression as far as it is known.
func (s *scope) eval(e hclsyntax.Expression) tfValue {
	if s.depth >= maxExpression {
		s.m.t.wrong("TEMPLATE_TOO_LARGE", s.file, spanOf(e.Range()), "", "", "expressions nest more than %d deep", maxExpression)
		return tfText(s.m.t.hole(Hole{Name: "?", Why: "expression that nests too deeply"}), s.file, spanOf(e.Range()))
	}
	if !s.m.t.spend(s.file, spanOf(e.Range()), 1, 0) {
		return tfText(s.m.t.hole(Hole{Name: "?", Why: "expression that was not evaluated"}), s.file, spanOf(e.Range()))
	}
	s.depth++
	v := s.evalKind(e)
	s.depth--
	if v.file == nil {
		v.file, v.span = s.file, spanOf(e.Range())
	}
	return v
}

func (s *scope) evalKind(e hclsyntax.Expression) tfValue {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return s.literal(e)
	case *hclsyntax.ParenthesesExpr:
		return s.eval(e.Expression)
	case *hclsyntax.ObjectConsKeyExpr:
		return s.key(e)
	case *hclsyntax.TemplateExpr:
		return s.joined(e)
	case *hclsyntax.TemplateWrapExpr:
		return s.eval(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return s.joinItems(e)
	case *hclsyntax.TupleConsExpr:
		out := tfList(s.file, spanOf(e.SrcRange))
		for _, item := range e.Exprs {
			out.items = append(out.items, s.eval(item))
		}
		return out
	case *hclsyntax.ObjectConsExpr:
		return s.object(e)
	case *hclsyntax.ConditionalExpr:
		return s.conditional(e)
	case *hclsyntax.ScopeTraversalExpr:
		return s.traversal(e)
	case *hclsyntax.RelativeTraversalExpr:
		v := s.eval(e.Source)
		return s.steps(v, e.Traversal, e)
	case *hclsyntax.IndexExpr:
		v := s.eval(e.Collection)
		return s.index(v, s.eval(e.Key), e)
	case *hclsyntax.SplatExpr:
		return s.splat(e)
	case *hclsyntax.AnonSymbolExpr:
		if s.item != nil {
			return *s.item
		}
	case *hclsyntax.ForExpr:
		return s.loop(e)
	case *hclsyntax.FunctionCallExpr:
		return s.call(e)
	case *hclsyntax.BinaryOpExpr:
		return s.binary(e)
	case *hclsyntax.UnaryOpExpr:
		v := s.eval(e.Val)
		if b, ok := truth(&v); ok && e.Op == hclsyntax.OpLogicalNot {
			return boolean(!b)
		}
		if e.Op == hclsyntax.OpNegate && v.kind == jsontree.Number {
			return tfValue{kind: jsontree.Number, text: negative(v.text)}
		}
	}
	return s.unknown(e, "expression")
}

func negative(text string) string {
	if rest, is := strings.CutPrefix(text, "-"); is {
		return rest
	}
	return "-" + text
}

func boolean(b bool) tfValue {
	if b {
		return tfValue{kind: jsontree.Bool, text: "true"}
	}
	return tfValue{kind: jsontree.Bool, text: "false"}
}

// truth returns a condition that is known. A text stands for the boolean that it
// spells.
func truth(v *tfValue) (value, ok bool) {
	if v.kind == jsontree.Bool || v.kind == jsontree.String {
		return v.text == "true", v.text == "true" || v.text == "false"
	}
	return false, false
}

func (s *scope) literal(e *hclsyntax.LiteralValueExpr) tfValue {
	v := e.Val
	switch {
	case v.IsNull():
		return tfValue{kind: jsontree.Null, text: "null"}
	case v.Type() == cty.String:
		text := v.AsString()
		if hole.Reserved(text) >= 0 {
			s.m.t.wrong("RESERVED_CHARACTER", s.file, spanOf(e.SrcRange), "", "", "the private-use characters U+E000 and U+E001 stand for unknown values in Writ and cannot be read")
			return s.unknownText("?", spanOf(e.SrcRange), "text")
		}
		return tfText(text, s.file, spanOf(e.SrcRange))
	case v.Type() == cty.Bool:
		return boolean(v.True())
	case v.Type() == cty.Number:
		if text, ok := numberText(v.AsBigFloat()); ok {
			return tfValue{kind: jsontree.Number, text: text, file: s.file, span: spanOf(e.SrcRange)}
		}
	}
	return s.unknown(e, "expression")
}

// numberText writes a number as Terraform does; false for one whose text would
// be unreasonably long.
func numberText(f *big.Float) (string, bool) {
	if exponent := f.MantExp(nil); exponent > 2000 || exponent < -2000 {
		return "", false
	}
	return f.Text('f', -1), true
}

// key evaluates a key of an object: a name is itself.
func (s *scope) key(e *hclsyntax.ObjectConsKeyExpr) tfValue {
	if name := hcl.ExprAsKeyword(e.Wrapped); name != "" && !e.ForceNonLiteral {
		return tfText(name, s.file, spanOf(e.Wrapped.Range()))
	}
	return s.eval(e.Wrapped)
}

func (s *scope) object(e *hclsyntax.ObjectConsExpr) tfValue {
	out := tfValue{kind: jsontree.Object, file: s.file, span: spanOf(e.SrcRange)}
	seen := map[string]int{}
	for _, item := range e.Items {
		key := s.eval(item.KeyExpr)
		if !isTextKind(key.kind) {
			out.rest = s.nameOf(s.unknown(item.KeyExpr, "key"))
			continue
		}
		member := tfMember{key.text, spanOf(item.KeyExpr.Range()), s.eval(item.ValueExpr)}
		if i, twice := seen[key.text]; twice {
			s.m.t.wrong("DUPLICATE_KEY", s.file, member.nameSpan, "", "only the last one counts; rename or remove one", "%s is already a name in this object", near.Quote(hole.Print(key.text)))
			out.members[i] = member
			continue
		}
		seen[key.text] = len(out.members)
		out.members = append(out.members, member)
	}
	return out
}

// nameOf returns the name of an unknown value.
func (s *scope) nameOf(v tfValue) string {
	if name, unknown := v.unknown(); unknown {
		return name
	}
	return hole.Print(v.text)
}

// joined evaluates a template: the parts keep their places.
func (s *scope) joined(e *hclsyntax.TemplateExpr) tfValue {
	var j joiner
	for _, part := range e.Parts {
		if !s.join(&j, part) {
			return s.unknown(e, "text")
		}
	}
	out := tfText(j.text.String(), s.file, spanOf(e.SrcRange))
	if out.parts = j.parts; len(j.parts) == 0 {
		out.parts = []tfPart{{at: out}}
	}
	return out
}

// joiner builds a text of parts.
type joiner struct {
	text  strings.Builder
	parts []tfPart
}

func (j *joiner) add(v tfValue, raw bool) {
	j.text.WriteString(v.text)
	if len(v.parts) > 0 {
		j.parts = append(j.parts, v.parts...)
		return
	}
	j.parts = append(j.parts, tfPart{v.text, v, raw})
}

// join adds a part of a template; false where it is no text.
func (s *scope) join(j *joiner, e hclsyntax.Expression) bool {
	v := s.eval(e)
	_, literal := e.(*hclsyntax.LiteralValueExpr)
	switch {
	case v.kind == jsontree.Null || v.kind == jsontree.Invalid:
		return false
	case !isTextKind(v.kind):
		v = s.unknown(e, "text")
	}
	if !s.m.t.spend(s.file, spanOf(e.Range()), 0, len(v.text)) || j.text.Len()+len(v.text) > maxText {
		return false
	}
	v.inner = nil
	j.add(v, literal)
	return true
}

// joinItems joins what a loop in a template gives.
func (s *scope) joinItems(e *hclsyntax.TemplateJoinExpr) tfValue {
	list := s.eval(e.Tuple)
	if list.kind != jsontree.Array || !list.shaped() {
		return s.unknown(e, "text")
	}
	var j joiner
	for i := range list.items {
		v := list.items[i]
		if !isTextKind(v.kind) || j.text.Len()+len(v.text) > maxText || !s.m.t.spend(s.file, spanOf(e.Range()), 1, len(v.text)) {
			return s.unknown(e, "text")
		}
		j.add(v, false)
	}
	out := tfText(j.text.String(), s.file, spanOf(e.Range()))
	out.parts = j.parts
	return out
}

// conditional evaluates a condition with two outcomes. Where it is not decided,
// of two texts it makes a hole with alternatives, and of two lists a list whose
// items are there under the condition.
func (s *scope) conditional(e *hclsyntax.ConditionalExpr) tfValue {
	c := s.eval(e.Condition)
	if holds, decided := truth(&c); decided {
		if holds {
			return s.eval(e.TrueResult)
		}
		return s.eval(e.FalseResult)
	}
	a, b := s.eval(e.TrueResult), s.eval(e.FalseResult)
	name := s.conditionName(e.Condition)
	switch {
	case isTextKind(a.kind) && isTextKind(b.kind) && a.inner == nil && b.inner == nil:
		v := tfText(s.m.t.choose(s.file, name, a.text, b.text), s.file, spanOf(e.SrcRange))
		return v
	case a.kind == jsontree.Array && b.kind == jsontree.Array:
		out := tfList(s.file, spanOf(e.SrcRange))
		out.set = a.set && b.set
		for i, v := range []tfValue{a, b} {
			for _, item := range v.items {
				item.when = append(When{{name, i == 0}}, item.when...)
				out.items = append(out.items, item)
			}
			if v.rest != "" {
				out.rest = v.rest
			}
		}
		return out
	case a.kind == jsontree.Object && b.kind == jsontree.Object && len(a.members) == 0 && len(b.members) == 0:
		return a
	}
	return s.unknown(e, "condition "+near.Quote(name))
}

// conditionName names a condition by its text.
func (s *scope) conditionName(e hclsyntax.Expression) string {
	name, _ := s.unknown(e, "condition").unknownName()
	return name
}

func (v tfValue) unknownName() (string, bool) { return v.unknown() }

// choose returns a text that is one of two as a condition is decided.
func (t *terraform) choose(file *source.File, condition, holds, not string) string {
	text := t.reporter(t.main).either(condition, holds, not)
	if name, whole := hole.Whole(text); whole && holds != not {
		t.choices[name] = condition
	}
	return text
}

// binary evaluates an operator on two known values.
func (s *scope) binary(e *hclsyntax.BinaryOpExpr) tfValue {
	a, b := s.eval(e.LHS), s.eval(e.RHS)
	switch e.Op {
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		if same, ok := equal(&a, &b); ok {
			return boolean(same == (e.Op == hclsyntax.OpEqual))
		}
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		x, xKnown := truth(&a)
		y, yKnown := truth(&b)
		or := e.Op == hclsyntax.OpLogicalOr
		switch {
		case xKnown && x == or, yKnown && y == or:
			return boolean(or)
		case xKnown && yKnown:
			return boolean(!or)
		}
	default:
		if out, ok := arithmetic(e.Op, &a, &b); ok {
			return out
		}
	}
	return s.unknown(e, "expression")
}

// equal compares values; ok is false where that hangs on what is not known.
func equal(a, b *tfValue) (same, ok bool) {
	if a.kind == jsontree.Null || b.kind == jsontree.Null {
		other := a
		if a.kind == jsontree.Null {
			other = b
		}
		if _, unknown := other.unknown(); unknown {
			return false, false
		}
		return a.kind == b.kind, true
	}
	if isTextKind(a.kind) && isTextKind(b.kind) && a.text == b.text && a.kind == b.kind {
		return true, true // the same holes are the same value
	}
	if !a.known() || !b.known() || a.inner != nil || b.inner != nil {
		return false, false
	}
	x, y := a.tree(nil, source.Span{}, func(source.Span, string) {}), b.tree(nil, source.Span{}, func(source.Span, string) {})
	return sameTree(&x, &y), true
}

// arithmetic evaluates the operators on numbers.
func arithmetic(op *hclsyntax.Operation, a, b *tfValue) (tfValue, bool) {
	x, xOK := numberOf(a)
	y, yOK := numberOf(b)
	if !xOK || !yOK {
		return tfValue{}, false
	}
	result := new(big.Float)
	switch op {
	case hclsyntax.OpGreaterThan:
		return boolean(x.Cmp(y) > 0), true
	case hclsyntax.OpGreaterThanOrEqual:
		return boolean(x.Cmp(y) >= 0), true
	case hclsyntax.OpLessThan:
		return boolean(x.Cmp(y) < 0), true
	case hclsyntax.OpLessThanOrEqual:
		return boolean(x.Cmp(y) <= 0), true
	case hclsyntax.OpAdd:
		result.Add(x, y)
	case hclsyntax.OpSubtract:
		result.Sub(x, y)
	case hclsyntax.OpMultiply:
		result.Mul(x, y)
	default:
		return tfValue{}, false
	}
	text, ok := numberText(result)
	return tfValue{kind: jsontree.Number, text: text}, ok
}

// numberOf returns a number that is known and of a reasonable size.
func numberOf(v *tfValue) (*big.Float, bool) {
	if v.kind != jsontree.Number && v.kind != jsontree.String || len(v.text) > 40 || strings.ContainsAny(v.text, "xXpPiInN_") {
		return nil, false
	}
	f, _, err := big.ParseFloat(v.text, 10, 512, big.ToNearestEven)
	if err != nil {
		return nil, false
	}
	if exponent := f.MantExp(nil); exponent > 2000 || exponent < -2000 {
		return nil, false
	}
	return f, true
}
