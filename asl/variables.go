package asl

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/asl/jsonata"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// variables gathers what Assign sets and what expressions read. Which is set
// where is not followed: a name that nothing sets anywhere is a mistake.
type variables struct {
	set   map[string]bool
	open  bool // a placeholder names some of them
	reads []mention
}

// mention is a place where an expression reads a variable.
type mention struct {
	name string
	span source.Span // of the expression
}

func (vs *variables) assign(name string) {
	if vs.set == nil {
		vs.set = make(map[string]bool)
	}
	vs.set[name] = true
}

// checkVariables warns of variables that no state sets, once all are read.
func (r *reader) checkVariables() {
	if r.variables.open {
		return
	}
	var names []string
	for _, v := range r.variables.reads {
		if r.variables.set[v.name] {
			continue
		}
		if names == nil {
			names = make([]string, 0, len(r.variables.set))
			for name := range r.variables.set {
				names = append(names, name)
			}
			slices.Sort(names)
		}
		r.report("BAD_VARIABLE", source.Warning, v.span, r.machine.Pointer(v.span), r.near.Hint(v.name, names), "no state assigns a variable %s", near.Quote(v.name))
	}
}

// readsVariables notes the variables in an expression of JSONPath.
func (r *reader) readsVariables(v *jsontree.Value, e Expr) {
	if e.Kind == PathExpr {
		r.readsPath(v, e.Path)
	}
	for _, arg := range e.Args {
		r.readsVariables(v, arg)
	}
}

// readsPath notes the variable that a path begins with, and looks at what it
// wants of the context object.
func (r *reader) readsPath(v *jsontree.Value, p Path) {
	switch {
	case p.Root == Variable && p.Name == "states":
		r.report("QUERY_LANGUAGE_MISMATCH", source.Warning, v.Span, r.machine.Pointer(v.Span), "begin with $. for the input, with $$. for the context object",
			"$states is of JSONata, but this state uses JSONPath")
	case p.Root == Variable:
		r.variables.reads = append(r.variables.reads, mention{p.Name, v.Span})
	case p.Root == Context && len(p.Steps) > 0 && p.Steps[0].Kind == Child && len(p.Steps[0].Names) == 1:
		r.checkContext(v, p.Steps[0].Names[0])
	}
}

// contextFields are the members of the context object. Source: developer guide,
// the context object.
var contextFields = []string{"Execution", "State", "StateMachine", "Task", "Map"}

// plainContext looks at a plain path that begins with "$$.", or with
// "$states.context.".
func (r *reader) plainContext(v *jsontree.Value, rest string) {
	name, _, _ := strings.Cut(rest, ".")
	r.checkContext(v, name)
}

func (r *reader) checkContext(v *jsontree.Value, name string) {
	if !slices.Contains(contextFields, name) {
		r.report("BAD_PATH", source.Warning, v.Span, r.machine.Pointer(v.Span), oneOf(&r.near, name, contextFields), "the context object has no %s", near.Quote(name))
	}
}

// plainJSONata notes what a chain of names such as states.input.id reads.
func (r *reader) plainJSONata(v *jsontree.Value, text string) {
	name, rest, _ := strings.Cut(text, ".")
	if name != "states" {
		r.variables.reads = append(r.variables.reads, mention{name, v.Span})
		return
	}
	if rest, ok := strings.CutPrefix(rest, "context."); ok {
		r.plainContext(v, rest)
	}
}

// readsJSONata notes the variables that an expression does not bind itself.
func (r *reader) readsJSONata(v *jsontree.Value, e *jsonata.Node) {
	bound := map[string]bool{"": true, "$": true, "states": true, "eval": true}
	e.Walk(func(n *jsonata.Node) bool {
		switch n.Kind {
		case jsonata.Bind, jsonata.Focus, jsonata.Position:
			bound[n.Text] = true
		case jsonata.Lambda:
			for _, p := range n.Params {
				bound[p] = true
			}
		}
		return true
	})
	e.Walk(func(n *jsonata.Node) bool {
		if n.Kind == jsonata.Variable && !bound[n.Text] && !jsonata.IsFunction(n.Text) {
			bound[n.Text] = true // once for an expression
			r.variables.reads = append(r.variables.reads, mention{n.Text, v.Span})
		}
		return true
	})
}
