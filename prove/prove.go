// Package prove answers questions about all requests: does one set of policies
// allow anything that another does not, can a policy allow an action, does it
// let the public in, has a statement any effect.
//
// An answer is Proved, or Refuted with a request that shows it, or Undecided
// with the reason. It is never a guess: what allows and what does not is one
// formula about the request, a solver looks for a request that satisfies it, and
// every request that is found is put to package authz before it is returned.
//
// # Requests
//
// The requests are those that package authz reads, as far as they are plausible:
//
//   - the action is any service:Name, known to the catalogue or not;
//   - the resource is * or an ARN whose partition, service and resource are not
//     empty;
//   - every condition key may be absent or hold any value of its type. A key that
//     is compared with Bool, or is boolean in the catalogue, holds true or false;
//     one that is compared only as a number, a date (in milliseconds) or an address
//     holds such. Other keys hold any text;
//   - a key holds several values only where a policy compares it with ForAllValues
//     or ForAnyValue, or the catalogue calls it multivalued. A key that is compared
//     so never holds a single empty string, which stands for an empty set;
//   - no text holds U+212A or U+017F, which count as k and s where letter case does
//     not;
//   - keys do not depend on each other, nor on the principal.
//
// # How it works
//
// Actions come first: those that policies name outright are put into classes of
// which the policies say the same, and each class is one query; what is left
// of an entry with wildcards is one more (actions.go). A query is a formula over
// atoms such as "the value of this key lies in this list" (atoms.go, layers.go).
// A SAT solver (solver.go) finds assignments; package prove looks for values for
// which one holds, subject by subject: texts by searches through products
// of automata, which package pattern builds as they are walked (texts.go), numbers,
// dates and addresses by intervals (ordered.go), lists by a bound on their length,
// policy variables by comparing them as letters (ties.go) and by trying values
// (assign.go).
// Where there are none, the literals that exclude each other become a clause.
package prove

import (
	"context"
	"errors"
	"fmt"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Verdict is the answer to a question about all requests.
type Verdict uint8

const (
	Undecided Verdict = iota
	Proved            // it holds for all requests
	Refuted           // it does not: see the witness
)

var verdictNames = [...]string{"undecided", "proved", "refuted"}

func (v Verdict) String() string { return verdictNames[v] }

// Result is an answer.
type Result struct {
	Verdict Verdict
	Witness *Witness // of a refutation
	Reason  string   // why it is undecided
}

// Witness is a request that refutes what was to be proved.
type Witness struct {
	Request authz.Request
	// FutureAction says that no action in the catalogue shows it.
	FutureAction bool
	// Holes are values of the holes of templates with which the request shows it.
	Holes map[string]string
	// Assumes names what the request needs besides the policies that were asked
	// about: "" or a sentence.
	Assumes string
	// By is the statement of the first set that allows the request.
	By *Statement
	// Nearest is the statement of the second set that comes nearest to allowing
	// it, or the one that denies it, with what it fails on.
	Nearest  *Statement
	Failures []authz.Failure
}

// Statement is a statement in its place.
type Statement struct {
	authz.Reference
	Policy    *authz.Policy
	Statement *policy.Statement
}

// Options bound and direct the work. The zero value is good for most ends.
type Options struct {
	// Catalog tells the types of condition keys and makes witnesses plausible. Nil
	// is the one that is part of the program.
	Catalog *catalog.Catalog
	// KnownActions leaves out actions that the catalogue does not have.
	KnownActions bool
	// MaxStates bounds one search through automata, in states; 0 is 262,144.
	MaxStates int
	// MaxRounds bounds the assignments that one query may try; 0 is 100,000.
	MaxRounds int
}

func (o *Options) maxStates() int {
	if o.MaxStates > 0 {
		return o.MaxStates
	}
	return 1 << 18
}

func (o *Options) maxRounds() int {
	if o.MaxRounds > 0 {
		return o.MaxRounds
	}
	return 100_000
}

func (o *Options) facts() *catalog.Catalog {
	if o.Catalog != nil {
		return o.Catalog
	}
	return catalog.Default()
}

// ErrInternal means that package authz does not confirm what was found: a mistake
// in this package, or in that one.
var ErrInternal = errors.New("internal error: the decision of the engine contradicts the proof")

// UnreadableError says why a policy cannot be read.
type UnreadableError struct{ Findings source.List }

func (e *UnreadableError) Error() string {
	for _, f := range e.Findings {
		if f.Severity == source.Error {
			return f.Message
		}
	}
	return "a policy cannot be read"
}

// Compare asks whether every request that the new set allows is allowed by the
// old one too. A witness is one that is not.
//
// Sets without policies of resources are about a principal and resources of its
// own account; where a role's trust policy or a key policy has a say, it is taken
// to trust the account. Sets that hold nothing but the policy of a resource, or of
// an endpoint, are compared by what that policy itself allows. Other sets are
// decided as package authz decides them, for callers of every kind that the
// policies tell apart.
//
// The error is an UnreadableError or ErrInternal; a context that ends makes
// the answer Undecided.
func Compare(ctx context.Context, now, old authz.Set, options Options) (Result, error) {
	if choices := principalChoices(&now, &old); choices != nil {
		return compareNamed(ctx, now, old, choices, options)
	}
	c, err := newComparison(now, old, options)
	if err != nil {
		return Result{}, err
	}
	return c.run(ctx)
}

// Equal asks whether two sets allow the same requests. The first result is
// that a allows nothing new, the second that b does not.
func Equal(ctx context.Context, a, b authz.Set, options Options) (ab, ba Result, err error) {
	if ab, err = Compare(ctx, a, b, options); err != nil {
		return ab, ba, err
	}
	ba, err = Compare(ctx, b, a, options)
	return ab, ba, err
}

// Identity is the set with one policy of a principal.
func Identity(doc *policy.Document) authz.Set {
	return authz.Set{Identity: []authz.Policy{{Document: doc}}}
}

// Alone is the set with one policy by itself: that of a resource where it names
// principals, or else that of a principal.
func Alone(name string, doc *policy.Document) authz.Set {
	p := authz.Policy{Name: name, Document: doc}
	if NamesPrincipals(doc) {
		return authz.Set{Resource: &p}
	}
	return authz.Set{Identity: []authz.Policy{p}}
}

// NamesPrincipals reports whether a statement has Principal or NotPrincipal.
func NamesPrincipals(doc *policy.Document) bool {
	for i := range doc.Statements {
		if doc.Statements[i].Principal != nil || doc.Statements[i].NotPrincipal != nil {
			return true
		}
	}
	return false
}

func compileEngine(set authz.Set) (*authz.Engine, error) {
	engine, findings := authz.Compile(set)
	if engine == nil {
		return nil, &UnreadableError{findings}
	}
	return engine, nil
}

func internal(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInternal}, args...)...)
}
