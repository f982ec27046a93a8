package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/pattern"
)

// catalogFlags are the flags of the commands under writ catalog.
type catalogFlags struct {
	level, resource, key string // of actions alone
	format               string
}

// topic is what one of the commands under writ catalog looks up.
type topic struct {
	plural, short, example string
	names                  func() *names
	fact                   func(r ref, exact bool) (fact, error) // nil for services, which servicesLike finds
}

// fact is what the catalogue says about one name. It is printed as JSON, as a
// line of a table, or in full.
type fact interface {
	row() []string
	detail(p *answerPrinter)
}

func newCatalog(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "Look up services, actions, resource types, condition keys and SDK operations",
		Long: `Catalog prints what AWS has, as far as access is concerned. Names are written
SERVICE:NAME, in any letter case; in patterns * stands for any text and ? for one
character. A service alone stands for all that it has, a name alone for what is
called so in any service. What is named without * and ? is shown in full.

Exit codes: 0 done; 1 the catalogue has nothing of that name; 2 wrong usage.`,
		Args: takesCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, t := range []topic{
		{"services", "List services; of one, what it has", "writ catalog services '*container*'", serviceNames, nil},
		{"actions", "List actions; of one, what it supports", "writ catalog actions 'ecs:*' --resource cluster", actionNames, actionOf},
		{"resources", "List resource types with the formats of their ARNs; of one, the actions that take it", "writ catalog resources arn:aws:ecs:eu-west-1:123456789012:task/web/1a2b", typeNames, typeOf},
		{"keys", "List condition keys with their types; of one, the actions that have it", "writ catalog keys ecs:cluster", keyNames, keyOf},
		{"operations", "List calls of the AWS SDK; of one, what it needs", "writ catalog operations s3:headObject", operationNames, operationOf},
	} {
		cmd.AddCommand(newTopic(e, t))
	}
	return cmd
}

func newTopic(e *env, t topic) *cobra.Command {
	var f catalogFlags
	cmd := &cobra.Command{
		Use:     t.plural + " [PATTERN]",
		Short:   t.short,
		Example: "  " + t.example,
		Args:    takes(0, 1, "one PATTERN at most"),
		RunE: func(_ *cobra.Command, args []string) error {
			return f.run(e, t, strings.Join(args, ""))
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeName(t.names(), start)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	if t.plural == "actions" {
		flags.StringVar(&f.level, "access-level", "", "actions of this level: "+strings.Join(accessLevels, ", "))
		flags.StringVar(&f.resource, "resource", "", "actions that take this resource type: TYPE, SERVICE:TYPE, or an ARN of the type")
		flags.StringVar(&f.key, "key", "", "actions whose requests can carry this condition key")
		complete(cmd, "access-level", accessLevels...)
	}
	formatVar(cmd, &f.format, "text", "json")
	return cmd
}

// query is what is looked for: a pattern for services, and one for the names
// in them.
type query struct {
	service, name string
	exact         bool // neither has wildcards
}

// parseQuery reads the argument of a command. Without a colon it is a service,
// or what is called so in any service.
func parseQuery(text string, n *names) (query, error) {
	q := query{service: "*", name: "*"}
	before, after, ok := strings.Cut(text, ":")
	switch {
	case ok:
		q = query{service: before, name: after}
	case text != "" && strings.Trim(text, "*") != "":
		all, err := n.services()
		if err != nil {
			return q, err
		}
		q.name = text
		for _, s := range all {
			if strings.EqualFold(s, text) {
				q = query{service: s, name: "*"}
			}
		}
	}
	q.exact = !hasWildcard(q.name) && (!ok || !hasWildcard(q.service))
	return q, nil
}

func hasWildcard(s string) bool { return strings.ContainsAny(s, "*?") }

// maxLiterals is longer than any name. Patterns that need more characters
// match nothing, and are not tried.
const maxLiterals = 256

// matcher returns a test for names, without regard to letter case.
func matcher(text string) func(string) bool {
	if len(text)-strings.Count(text, "*") > maxLiterals {
		return func(string) bool { return false }
	}
	return pattern.Dialect{Fold: true}.Compile(pattern.Wild(text)).Match
}

// ref is the name of something that exists.
type ref struct{ service, name string }

// find returns all that fits, or an UnknownError.
func (n *names) find(text string) (found []ref, q query, err error) {
	if q, err = parseQuery(text, n); err != nil {
		return nil, q, err
	}
	all, err := n.services()
	if err != nil {
		return nil, q, err
	}
	ofService, ofName := matcher(q.service), matcher(q.name)
	for _, s := range all {
		if !ofService(s) {
			continue
		}
		list, err := n.of(s)
		if err != nil {
			return nil, q, err
		}
		for _, name := range list {
			if ofName(name) {
				found = append(found, ref{s, name})
			}
		}
	}
	if len(found) == 0 {
		return nil, q, &catalog.UnknownError{Kind: n.kind, Name: text, Nearest: n.nearest(q)}
	}
	return found, q, nil
}

// nearest returns what a query that finds nothing may have been meant to be,
// likeliest first. Of "ecs:Decribe*" that is "ecs:Describe*".
func (n *names) nearest(q query) []string {
	all, err := n.services()
	if err != nil {
		return nil
	}
	ofService := matcher(q.service)
	owner := map[string]string{} // of each name, the first service that has it
	var known []string
	services := 0
	for _, s := range all {
		if !ofService(s) {
			continue
		}
		services++
		list, err := n.of(s)
		if err != nil {
			return nil
		}
		for _, name := range list {
			for _, k := range candidates(q.name, name) {
				if _, ok := owner[k]; !ok {
					owner[k] = s
					known = append(known, k)
				}
			}
		}
	}
	var out []string
	if services == 0 {
		return n.inLikeServices(q)
	}
	wanted := strings.NewReplacer("*", "", "?", "").Replace(q.name)
	for _, k := range new(near.Finder).Names(wanted, known, 3) {
		if strings.HasSuffix(q.name, "*") {
			out = append(out, q.service+":"+k+"*")
		} else {
			out = append(out, owner[k]+":"+k)
		}
	}
	return out
}

// inLikeServices returns what a query in an unknown service may have been meant
// to be: first what exists in one of nearly that name.
func (n *names) inLikeServices(q query) []string {
	var exist, close []string
	for _, s := range n.likeServices(q.service) {
		like := query{service: s, name: q.name}
		list, err := n.of(s)
		switch {
		case err != nil:
		case slices.ContainsFunc(list, matcher(q.name)):
			exist = append(exist, s+":"+q.name)
		default:
			close = append(close, n.nearest(like)...)
		}
	}
	if close = append(exist, close...); len(close) == 0 && !hasWildcard(q.service+q.name) {
		close = n.anywhere(q.name)
	}
	return close
}

// anywhere returns up to three names like that in whatever service.
func (n *names) anywhere(name string) []string {
	all, err := n.services()
	if err != nil {
		return nil
	}
	var out []string
	fits := matcher(name)
	for _, s := range all {
		list, err := n.of(s)
		if i := slices.IndexFunc(list, fits); err == nil && i >= 0 && len(out) < 3 {
			out = append(out, s+":"+list[i])
		}
	}
	return out
}

// candidates are the texts with which a mistyped name is compared: for a
// pattern that ends with *, the beginnings of the known name that end with a
// word; else the known name.
func candidates(mistyped, known string) []string {
	if !strings.HasSuffix(mistyped, "*") {
		return []string{known}
	}
	var out []string
	for i := 1; i < len(known); i++ {
		if c := known[i]; c >= 'A' && c <= 'Z' || c == '-' || c == '/' {
			out = append(out, known[:i])
		}
	}
	return append(out, known)
}

// run looks a pattern up and prints what there is.
func (f *catalogFlags) run(e *env, t topic, text string) error {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return err
	}
	facts, exact, err := f.facts(t, text)
	var unknown *catalog.UnknownError
	switch {
	case errors.As(err, &unknown):
		return f.writeUnknown(e, t, unknown)
	case err != nil:
		return err
	case f.format == "json":
		return printJSON(e, catalogJSON{"1.0", t.plural, facts, "", nil})
	case len(facts) == 0:
		_, err := fmt.Fprintln(e.stderr, "writ: no action fits")
		return err
	}
	return writeFacts(e, facts, exact)
}

// facts returns what the catalogue says about all that a pattern matches, and
// whether it is a name and not a pattern.
func (f *catalogFlags) facts(t topic, text string) (facts []fact, exact bool, err error) {
	if t.plural == "services" {
		return servicesLike(text)
	}
	if t.plural == "resources" && strings.HasPrefix(text, "arn:") {
		facts, err := typesOfARN(text)
		return facts, true, err
	}
	if t.plural == "keys" {
		text = keyName(text)
	}
	found, q, err := t.names().find(text)
	if err != nil {
		return nil, false, err
	}
	if t.plural == "actions" {
		if found, err = f.filter(found); err != nil {
			return nil, false, err
		}
	}
	facts = make([]fact, len(found))
	for i, r := range found {
		if facts[i], err = t.fact(r, q.exact); err != nil {
			return nil, false, err
		}
	}
	return facts, q.exact, nil
}

// catalogJSON is the output for programs; docs/usage/catalog.md describes it.
type catalogJSON struct {
	FormatVersion string   `json:"format_version"`
	Kind          string   `json:"kind"`
	Facts         []fact   `json:"facts"`
	Error         string   `json:"error,omitempty"`
	Nearest       []string `json:"nearest,omitempty"`
}

func (f *catalogFlags) writeUnknown(e *env, t topic, unknown *catalog.UnknownError) error {
	var err error
	if f.format == "json" {
		err = printJSON(e, catalogJSON{"1.0", t.plural, []fact{}, unknown.Error(), unknown.Nearest})
	} else {
		_, err = fmt.Fprintf(e.stderr, "writ: %v\n", unknown)
	}
	if err != nil {
		return err
	}
	return exit(exitFindings)
}

// writeFacts prints facts for people: in full, or as a table.
func writeFacts(e *env, facts []fact, inFull bool) error {
	p := answerPrinter{w: e.stdout}
	if inFull {
		for i, one := range facts {
			if i > 0 {
				p.printf("\n")
			}
			one.detail(&p)
		}
		return p.err
	}
	rows := make([][]string, len(facts))
	var widths []int
	for i, one := range facts {
		rows[i] = one.row()
		for j, cell := range rows[i] {
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = max(widths[j], len(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for j, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", widths[j], cell)
		}
		p.printf("%s\n", strings.TrimRight(line.String(), " "))
	}
	return p.err
}
