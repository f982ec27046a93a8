package template

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// readAssembly reads a cloud assembly of the CDK by its manifest: the templates
// of its stacks, those of stages in assemblies below it, and nested stacks.
// Source: AWS CDK, cloud-assembly-schema, manifest.
func readAssembly(d *document) (*Template, source.List) {
	out := &Template{Format: CDKAssembly, File: d.file}
	ss := newSession(d.opts, out)
	manifest := ss.newStack(d, "")
	manifest.expanded = d.root
	stacks := manifest.artifacts(d.root, "", 0)
	for _, s := range stacks {
		s.open()
		s.makeImplied()
		s.openNested()
	}
	ss.gatherExports()
	for _, s := range stacks {
		s.readResources()
	}
	return ss.close()
}

// plainArtifacts are the types of artifacts that hold no template. Source: AWS CDK,
// cloud-assembly-schema, ArtifactType.
var plainArtifacts = []string{"none", "cdk:asset-manifest", "cdk:tree", "cdk:feature-flag-report"}

// artifacts opens the stacks of a manifest.
func (s *stack) artifacts(root *jsontree.Value, dir string, depth int) []*stack {
	var stacks []*stack
	list := root.Get("artifacts")
	if !list.Is(jsontree.Object) {
		s.wrong("BAD_FIELD_TYPE", opening(root.Span), "", "a manifest needs artifacts")
		return nil
	}
	for i := range list.Members {
		m := &list.Members[i]
		properties := m.Value.Get("properties")
		switch kind := m.Value.Get("type"); {
		case !kind.Is(jsontree.String):
			s.session.out.Incomplete = true
			s.wrong("BAD_FIELD_TYPE", m.NameSpan, "", "artifact %s has no type", near.Quote(m.Name))
		case kind.Text == "aws:cloudformation:stack":
			if child := s.assemblyStack(m, properties, dir); child != nil {
				stacks = append(stacks, child)
			}
		case kind.Text == "cdk:cloud-assembly":
			stacks = append(stacks, s.stage(properties.Get("directoryName"), m, dir, depth)...)
		case !slices.Contains(plainArtifacts, kind.Text):
			s.session.out.Incomplete = true
			s.unreadable(kind.Span, "artifacts of type "+near.Quote(kind.Text)+" are not known")
		}
	}
	return stacks
}

// stage opens the stacks of an assembly inside an assembly.
func (s *stack) stage(name *jsontree.Value, m *jsontree.Member, dir string, depth int) []*stack {
	if !name.Is(jsontree.String) || depth >= maxNesting {
		s.session.out.Incomplete = true
		s.wrong("BAD_FIELD_TYPE", m.NameSpan, "", "the assembly %s has no directory, or lies too deep", near.Quote(m.Name))
		return nil
	}
	s.dir = dir
	text, full, ok := s.openFile(path.Join(name.Text, "manifest.json"), name.Span)
	if !ok {
		s.session.out.Incomplete = true
		return nil
	}
	inner := &document{file: source.NewFile(full, text), opts: s.session.opts}
	inner.root = inner.parse()
	manifest := s.session.newStack(inner, "")
	if inner.root == nil {
		s.session.out.Incomplete = true
		inner.root = &jsontree.Value{}
		return nil
	}
	manifest.expanded = inner.root
	return manifest.artifacts(inner.root, path.Dir(full), depth+1)
}

// assemblyStack opens the template of a stack.
func (s *stack) assemblyStack(m *jsontree.Member, properties *jsontree.Value, dir string) *stack {
	template := properties.Get("templateFile")
	if !template.Is(jsontree.String) {
		s.session.out.Incomplete = true
		s.wrong("MISSING_FIELD", m.NameSpan, "", "stack %s names no templateFile", near.Quote(m.Name))
		return nil
	}
	s.dir = dir
	text, full, ok := s.openFile(template.Text, template.Span)
	if !ok {
		s.session.out.Incomplete = true
		return nil
	}
	d := &document{file: source.NewFile(full, text), opts: s.session.opts}
	d.root = d.parse()
	name := m.Name
	if n := properties.Get("stackName"); n.Is(jsontree.String) {
		name = n.Text
	}
	if d.root == nil || d.root.Kind != jsontree.Object {
		s.session.out.Incomplete = true
		for _, f := range d.findings.List() {
			s.findings.Add(f)
		}
		return nil
	}
	child := s.session.newStack(d, name)
	child.dir, child.given = path.Dir(full), s.session.opts.Parameters
	child.setPseudo(placed(s.session.opts, m.Value.Get("environment"), name))
	return child
}

// placed completes options by the environment of a stack: aws://ACCOUNT/REGION,
// where unknown-account and unknown-region stand for what is open.
func placed(opts Options, environment *jsontree.Value, name string) Options {
	if opts.StackName == "" {
		opts.StackName = name
	}
	if !environment.Is(jsontree.String) {
		return opts
	}
	account, region, _ := strings.Cut(strings.TrimPrefix(environment.Text, "aws://"), "/")
	if account != "" && account != "unknown-account" && opts.Account == "" {
		opts.Account = account
	}
	if region != "" && region != "unknown-region" && opts.Region == "" {
		opts.Region = region
	}
	return opts
}

// export is an output that other stacks of the same account and Region import.
type export struct {
	stack  *stack
	output string
}

// gatherExports notes the exports of all stacks by their names.
func (ss *session) gatherExports() {
	ss.exports = map[string][]export{}
	for _, s := range ss.stacks {
		for _, name := range slices.Sorted(maps.Keys(s.outputs)) { // in an order, since holes are numbered
			if o := s.outputs[name]; o.export != nil {
				text := s.apart(func() string { return s.optional(o.export) })
				ss.exports[text] = append(ss.exports[text], export{s, name})
			}
		}
	}
}

// exported returns the value of an export that this stack can import.
func (s *stack) exported(name string) (string, bool) {
	for _, e := range s.session.exports[name] {
		same := e.stack.pseudoText("AWS::AccountId") == s.pseudoText("AWS::AccountId") && e.stack.pseudoText("AWS::Region") == s.pseudoText("AWS::Region")
		if same && len(s.session.exports[name]) == 1 {
			return e.stack.outputText(e.output)
		}
	}
	return "", false
}
