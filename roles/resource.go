package roles

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// optimized returns the row of an integration.
func optimized(name string) *integration { return optimizedByName()[name] }

var optimizedByName = sync.OnceValue(func() map[string]*integration {
	rows := make(map[string]*integration, len(computeIntegrations)+len(dataIntegrations)+len(messagingIntegrations))
	for _, list := range [][]integration{computeIntegrations, dataIntegrations, messagingIntegrations} {
		for i := range list {
			rows[list[i].name] = &list[i]
		}
	}
	return rows
})

func find(rows []integration, name string) *integration {
	for i := range rows {
		if rows[i].name == name {
			return &rows[i]
		}
	}
	return nil
}

func listNames(rows []integration) string {
	var names []string
	for i := range rows {
		names = append(names, "arn:aws:states:::"+rows[i].name)
	}
	return strings.Join(names, ", ")
}

// integrationARN is the Resource of a Task that names an integration.
type integrationARN struct {
	name   string // "ecs:runTask", "aws-sdk:s3:getObject"
	suffix string // ".sync"; "" for request-response
}

// parseResource splits arn:PARTITION:states:REGION:ACCOUNT:SERVICE:ACTION.PATTERN.
// Region and account are empty as a rule; definitions that fill them in mean
// the same.
func parseResource(text string) (integrationARN, bool) {
	rest, isARN := strings.CutPrefix(text, "arn:")
	_, rest, _ = strings.Cut(rest, ":") // partition
	rest, ofStates := strings.CutPrefix(rest, "states:")
	_, rest, _ = strings.Cut(rest, ":") // Region
	_, rest, complete := strings.Cut(rest, ":")
	if !isARN || !ofStates || !complete {
		return integrationARN{}, false
	}
	if strings.HasPrefix(rest, "activity:") || strings.HasPrefix(rest, "stateMachine:") {
		return integrationARN{}, false
	}
	name, suffix := rest, ""
	if i := strings.IndexByte(rest, '.'); i >= 0 {
		name, suffix = rest[:i], rest[i:]
	}
	return integrationARN{name, suffix}, strings.Contains(name, ":")
}

// resolve finds the row for what a Task calls. Everything that is not in a
// table is a finding.
func (g *generator) resolve(s *asl.State) (call, bool) {
	resource := s.Task.Resource
	if !resource.Exists() || resource.Kind() != asl.String && !resource.Dynamic() {
		return call{}, false // asl has said so
	}
	text := resource.Text()
	c := call{state: s, args: s.Task.Arguments, span: resource.Span()}
	if resource.HasPlaceholder() {
		text = asl.OpenPlaceholders(text)
	}
	if in, ok := parseResource(text); ok && !strings.Contains(in.name+in.suffix, "*") {
		return g.integration(c, in, text)
	}
	if row := g.directForm(resource); row != nil {
		return g.direct(c, row)
	}
	if resource.HasPlaceholder() {
		return g.placeholder(c, text)
	}
	for i := range directForms {
		if _, _, ok := directForms[i].params[0].as.read(text, nil, false); ok {
			return g.direct(c, &directForms[i])
		}
	}
	g.report("BAD_RESOURCE_ARN", source.Error, c.span, fmt.Sprintf("%q is nothing that a Task can call", hole.Print(text)),
		"a Task calls an integration (arn:aws:states:::SERVICE:ACTION), a Lambda function or an activity, by ARN")
	return call{}, false
}

// direct is a call of what stands in the Resource itself.
func (g *generator) direct(c call, row *integration) (call, bool) {
	c.row = row
	if row.standard && (g.opts.Type == Express || inExpressMap(c.state)) {
		g.report("PATTERN_NOT_ALLOWED_IN_EXPRESS", source.Error, c.span, "express workflows have no "+row.name+" tasks", "use a standard workflow")
		return c, false
	}
	return c, true
}

// directForm finds the row of a Resource that has holes; nil where its
// alternatives are of several kinds, or of none.
func (g *generator) directForm(resource asl.Value) (row *integration) {
	text, ok := held(resource)
	if !ok {
		return nil
	}
	texts, _ := g.opts.holes().Alternatives(text)
	for _, one := range texts {
		i := slices.IndexFunc(directForms, func(in integration) bool {
			_, _, fits := in.params[0].as.read(one, nil, false)
			return fits
		})
		if i < 0 || row != nil && row != &directForms[i] {
			return nil
		}
		row = &directForms[i]
	}
	return row
}

// integration checks that the call exists and may be made in this way.
func (g *generator) integration(c call, in integrationARN, text string) (call, bool) {
	if service, ok := strings.CutPrefix(in.name, "aws-sdk:"); ok {
		return g.sdk(c, service, in.suffix)
	}
	c.row = optimized(in.name)
	if c.row == nil {
		g.report("UNKNOWN_INTEGRATION", source.Error, c.span, fmt.Sprintf("Step Functions has no optimized integration %q", in.name), unknownHint(in.name))
		return c, false
	}
	at := slices.Index(patternSuffixes[:], in.suffix)
	if at < 0 {
		g.report("UNSUPPORTED_PATTERN", source.Error, c.span, fmt.Sprintf("%q is not an integration pattern", in.suffix), "patterns are "+patternSet(request|job|callback).String())
		return c, false
	}
	c.pattern = Pattern(at)
	switch {
	case c.row.patterns.has(c.pattern):
	case c.row.doubted.has(c.pattern):
		g.report("UNSUPPORTED_PATTERN", source.Warning, c.span, fmt.Sprintf("pages of the developer guide disagree on whether %s supports %s", in.name, in.suffix), supportedHint(c.row))
	case c.pattern == Sync2 && c.row.patterns.has(Sync):
		g.report("UNSUPPORTED_PATTERN", source.Warning, c.span, fmt.Sprintf("%s is not documented for %s; the role is the one for .sync", in.suffix, in.name), supportedHint(c.row))
	default:
		g.report("UNSUPPORTED_PATTERN", source.Error, c.span, fmt.Sprintf("%s does not support %s", in.name, in.suffix), supportedHint(c.row))
		return c, false
	}
	if c.pattern != Request && (g.opts.Type == Express || inExpressMap(c.state)) {
		g.callbackInExpress(c, in.suffix)
		return c, false
	}
	return c, true
}

func (g *generator) callbackInExpress(c call, suffix string) {
	g.report("PATTERN_NOT_ALLOWED_IN_EXPRESS", source.Error, c.span, fmt.Sprintf("%s cannot be used in an express workflow", suffix),
		"express workflows call by request-response only; use a standard workflow to wait for a job or a callback")
}

func supportedHint(row *integration) string {
	return "it supports " + row.patterns.String()
}

func unknownHint(name string) string {
	for known := range optimizedByName() {
		if strings.EqualFold(known, name) {
			return fmt.Sprintf("names are case-sensitive: %q", known)
		}
	}
	service, operation, _ := strings.Cut(name, ":")
	if _, err := catalog.Default().Operation(service, operation); err != nil {
		// The order of the names decides between equals.
		if hint := near.Hint(name, slices.Sorted(maps.Keys(optimizedByName()))); hint != "" {
			return hint
		}
	}
	return fmt.Sprintf("what is not optimized is called through the SDK: arn:aws:states:::aws-sdk:%s", name)
}

// placeholder looks for the direct form that a Resource with a placeholder in
// it must take; the rest is then a value known at run time.
func (g *generator) placeholder(c call, text string) (call, bool) {
	for i := range directForms {
		if couldBe(directForms[i].params[0].as, text) {
			return g.direct(c, &directForms[i])
		}
	}
	g.report("UNKNOWN_RESOURCE", source.Warning, c.span, fmt.Sprintf("what %q calls is filled in later, so the role may lack the permission for it", hole.Print(c.state.Task.Resource.Text())),
		"give its value with --substitution KEY=VALUE")
	return c, false
}

// couldBe reports whether a text with "*" for its unknown parts shows enough of
// an ARN (its service and the type of its resource) to be told by it.
func couldBe(s shape, text string) bool {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return false
	}
	return slices.ContainsFunc(s, func(way string) bool {
		form := strings.SplitN(way, ":", 6)
		kind, _, _ := strings.Cut(form[5], "{")
		return form[2] == parts[2] && strings.HasPrefix(parts[5], kind)
	})
}
