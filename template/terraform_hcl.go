package template

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// module is a module of Terraform, or one instance of a call of it.
type module struct {
	t       *terraform
	path    string // "" for the root, otherwise its address with a dot
	dir     string // directory of its files, from that of the first file
	parent  *module
	depth   int
	outside bool // not all of its files were read
	many    bool // stands for instances whose number is not known
	when    When

	variables map[string]*hclVariable
	locals    map[string]*hclLocal
	outputs   map[string]*hclLocal
	blocks    map[string]*hclBlock // resources, data sources and calls, by address
	order     []*hclBlock
	providers map[string]*hclProvider
	inputs    map[string]tfValue // of the call
	passed    map[string]tfProvider
	called    map[*instance]*module
}

// hclLocal is a local value or an output.
type hclLocal struct {
	expr       hclsyntax.Expression
	file       *source.File
	span       source.Span
	open, done bool
	value      tfValue
	defaults   []string // variables whose default it was worked out with
}

type hclProvider struct {
	body *hclsyntax.Body
	file *source.File
	done bool
	made tfProvider
}

// The limits of files of Terraform.
const (
	maxHCL     = 8 << 20
	maxModules = 200
)

func readTerraformHCL(d *document) (*Template, source.List) {
	files := []*source.File{d.file}
	t := newTerraform(d.file, TerraformHCL, d.opts)
	if d.opts.List != nil {
		names, err := d.opts.List(".")
		if err != nil {
			t.wrong("UNREADABLE_FILE", d.file, source.Span{}, "", "", "the directory cannot be read: %s", err.Error())
		}
		for _, name := range names {
			if isHCL(name) && path.Base(name) != path.Base(d.file.Name) {
				files = append(files, t.openHCL(name, d.file, source.Span{}))
			}
		}
	}
	return t.readRoot(files, d.opts.List == nil)
}

// ReadModule reads the files of one directory, which together are a module of
// Terraform. The names of the other modules' files, and of those that
// expressions open, come from Options.
func ReadModule(files []*source.File, opts Options) (*Template, source.List) {
	if len(files) == 0 {
		return nil, nil
	}
	return newTerraform(files[0], TerraformHCL, opts).readRoot(files, false)
}

func (t *terraform) readRoot(files []*source.File, outside bool) (*Template, source.List) {
	m := t.newModule("", ".", nil)
	m.outside = outside
	ok := true
	for _, f := range files {
		ok = f != nil && m.load(f) && ok
	}
	if !ok || !t.checkParameters(slices.Sorted(maps.Keys(m.variables))) {
		var list source.List
		for _, s := range t.stacks {
			list = append(list, s.findings.List()...)
		}
		return nil, list.Sorted()
	}
	t.loadValues(m)
	if p := m.provider("aws"); p.region != "" && t.opts.Region == "" && !hole.Has(p.region) {
		opts := t.opts
		opts.Region = p.region
		t.files[t.main].setPseudo(opts)
	}
	m.read()
	return t.finish()
}

func (t *terraform) newModule(name, dir string, parent *module) *module {
	m := &module{t: t, path: name, dir: dir, parent: parent, variables: map[string]*hclVariable{}, locals: map[string]*hclLocal{}, outputs: map[string]*hclLocal{},
		blocks: map[string]*hclBlock{}, providers: map[string]*hclProvider{}, called: map[*instance]*module{}}
	if parent != nil {
		m.depth = parent.depth + 1
	}
	return m
}

// openHCL opens a file of a module. It returns nil, with a finding, where that
// fails.
func (t *terraform) openHCL(name string, from *source.File, at source.Span) *source.File {
	text, full, ok := t.open(name, from, at)
	if !ok {
		return nil
	}
	return source.NewFile(full, text)
}

// open reads a file that is named from the directory of the first one.
func (t *terraform) open(name string, from *source.File, at source.Span) (text, full string, ok bool) {
	text, full, ok = t.reporter(from).openFile(name, at)
	t.collect(from)
	return text, full, ok
}

// load reads the blocks of a file; false where the text is broken.
func (m *module) load(file *source.File) bool {
	t := m.t
	t.reporter(file)
	if strings.HasSuffix(file.Name, ".tf.json") {
		t.wrong("UNSUPPORTED_FORMAT", file, source.Span{}, "", "write it in the syntax of .tf files, or give the plan", "Terraform in JSON syntax is not read")
		return false
	}
	if base := path.Base(file.Name); base == "override.tf" || strings.HasSuffix(base, "_override.tf") {
		t.out.Incomplete = true
		t.unreadable(file, source.Span{}, "", "", "this file changes blocks of others")
		return true
	}
	body := t.parse(file)
	if body == nil {
		return false
	}
	for _, b := range body.Blocks {
		m.addBlock(b, file)
	}
	return true
}

// parse reads the syntax of a file; nil where it is broken.
func (t *terraform) parse(file *source.File) *hclsyntax.Body {
	if !t.parseable(file, hclsyntax.LexConfig) {
		return nil
	}
	f, diagnostics := hclsyntax.ParseConfig([]byte(file.Text), file.Name, hcl.InitialPos)
	if t.malformed(file, diagnostics) {
		return nil
	}
	body, _ := f.Body.(*hclsyntax.Body)
	return body
}

// malformed reports what is wrong with the syntax of a file.
func (t *terraform) malformed(file *source.File, diagnostics hcl.Diagnostics) bool {
	bad := false
	for _, d := range diagnostics {
		if d.Severity != hcl.DiagError {
			continue
		}
		bad = true
		span := source.Span{}
		if d.Subject != nil {
			span = spanOf(*d.Subject)
		}
		t.broken = true
		t.reporter(file).report("MALFORMED_HCL", source.Error, span, "", "", "%s: %s", d.Summary, d.Detail)
	}
	return bad
}

// parseable checks the size of a file and how deeply it nests, before a parser
// that recurses reads it.
func (t *terraform) parseable(file *source.File, lex func([]byte, string, hcl.Pos) (hclsyntax.Tokens, hcl.Diagnostics)) bool {
	if len(file.Text) > maxHCL {
		t.wrong("TEMPLATE_TOO_LARGE", file, source.Span{}, "", "", "the file has more than %d bytes", maxHCL)
		return false
	}
	if at := hole.Reserved(file.Text); at >= 0 {
		t.wrong("RESERVED_CHARACTER", file, source.Span{Start: int32(at), End: int32(at) + 3}, "", "remove it; it has no meaning in Terraform",
			"the private-use characters U+E000 and U+E001 stand for unknown values in Writ and cannot be read")
		return false
	}
	tokens, _ := lex([]byte(file.Text), file.Name, hcl.InitialPos)
	depth, chain := 0, []int{0}
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc:
			depth++
			chain = append(chain, 0)
		case hclsyntax.TokenTemplateControl: // an if or a for, or the end of one
			depth++
			chain = append(chain, 0)
			chain[0]++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
			if depth > 0 {
				depth--
				chain = chain[:len(chain)-1]
			}
		case hclsyntax.TokenQuestion, hclsyntax.TokenBang, hclsyntax.TokenMinus:
			chain[len(chain)-1]++
		case hclsyntax.TokenComma, hclsyntax.TokenNewline, hclsyntax.TokenIdent, hclsyntax.TokenNumberLit:
			if token.Type == hclsyntax.TokenComma || depth == 0 {
				chain[len(chain)-1] = 0
			}
		}
		if depth > maxExpression || chain[len(chain)-1] > 4*maxExpression {
			t.wrong("TEMPLATE_TOO_LARGE", file, spanOf(token.Range), "", "", "this nests too deeply")
			return false
		}
	}
	return true
}

// addBlock notes a block of a file.
func (m *module) addBlock(b *hclsyntax.Block, file *source.File) {
	switch {
	case b.Type == "resource" && len(b.Labels) == 2:
		m.put(b, file, b.Labels[0]+"."+b.Labels[1], b.Labels[0])
	case b.Type == "data" && len(b.Labels) == 2:
		m.put(b, file, "data."+b.Labels[0]+"."+b.Labels[1], b.Labels[0])
	case b.Type == "module" && len(b.Labels) == 1:
		m.put(b, file, "module."+b.Labels[0], "")
	case b.Type == "variable" && len(b.Labels) == 1:
		if m.variables[b.Labels[0]] != nil {
			m.twice(b, file)
			return
		}
		m.variables[b.Labels[0]] = &hclVariable{body: b.Body, file: file, span: blockSpan(b)}
	case b.Type == "output" && len(b.Labels) == 1:
		if a := b.Body.Attributes["value"]; a != nil {
			m.outputs[b.Labels[0]] = &hclLocal{expr: a.Expr, file: file, span: blockSpan(b)}
		}
	case b.Type == "locals" && len(b.Labels) == 0:
		for _, a := range sortedAttributes(b.Body) {
			if m.locals[a.Name] != nil {
				m.t.wrong("DUPLICATE_BLOCK", file, spanOf(a.NameRange), "", "the first one counts; rename or remove one", "the local value %s is there twice", near.Quote(a.Name))
				m.t.out.Incomplete = true
				continue
			}
			m.locals[a.Name] = &hclLocal{expr: a.Expr, file: file, span: spanOf(a.NameRange)}
		}
	case b.Type == "provider" && len(b.Labels) == 1:
		m.addProvider(b, file)
	case slices.Contains(otherBlocks, b.Type):
	default:
		m.t.out.Incomplete = true
		m.t.unreadable(file, spanOf(b.TypeRange), "", "", "a block "+near.Quote(b.Type)+" is not known here")
	}
}

// otherBlocks say nothing about access. Source: Terraform documentation,
// "Configuration language: blocks".
var otherBlocks = []string{"terraform", "moved", "import", "removed", "check", "action", "ephemeral"}

func (m *module) put(b *hclsyntax.Block, file *source.File, address, kind string) {
	if m.blocks[address] != nil {
		m.twice(b, file)
		return
	}
	h := m.newBlock(b, file)
	h.address, h.kind, h.data = address, kind, b.Type == "data"
	m.blocks[address] = h
	m.order = append(m.order, h)
}

func (m *module) twice(b *hclsyntax.Block, file *source.File) {
	m.t.out.Incomplete = true
	m.t.wrong("DUPLICATE_BLOCK", file, spanOf(b.DefRange()), "", "the first one counts; rename or remove one", "%s is there twice", b.Type+" "+strings.Join(b.Labels, "."))
}

func (m *module) scope(file *source.File) *scope { return &scope{m: m, file: file} }

// read reads all that a module says about access, and the modules that it
// calls.
func (m *module) read() {
	for _, b := range m.order {
		for _, i := range m.instancesOf(b) {
			switch {
			case b.block.Type == "module":
				if c := m.callee(b, i); c != nil {
					c.read()
				}
			case !b.data && relevantType(b.kind):
				m.t.readResource(i.r)
			case !b.data && isStranger(b.kind):
				m.t.readStranger(i.r, policyAttributes(b.block.Body))
			}
		}
	}
}

// local returns the value of a local.
func (m *module) local(name string, file *source.File, span source.Span) tfValue {
	l := m.locals[name]
	if l == nil {
		m.unknownName("local."+name, "local value", slices.Sorted(maps.Keys(m.locals)), file, span)
		return tfText(m.t.hole(Hole{Name: m.path + "local." + name, Why: "local value"}), file, span)
	}
	return m.valueOf(l, "local."+name, m.scope(l.file))
}

// valueOf evaluates a local or an output once.
func (m *module) valueOf(l *hclLocal, name string, s *scope) tfValue {
	if l.open || m.t.depth >= maxChain {
		m.t.wrong("REFERENCE_CYCLE", l.file, l.span, "", "", "%s depends on itself", name)
		return tfText(m.t.hole(Hole{Name: m.path + name, Why: "value that depends on itself"}), nil, source.Span{})
	}
	if !l.done {
		l.open = true
		m.t.depth++
		l.defaults = m.t.defaults.during(func() { l.value = s.eval(l.expr) })
		m.t.depth--
		l.open, l.done = false, true
	}
	m.t.defaults.add(l.defaults...)
	return l.value
}

func (m *module) unknownName(name, what string, known []string, file *source.File, span source.Span) {
	if !m.outside {
		m.t.warnOnce("UNKNOWN_REFERENCE", file, span, m.t.files[m.t.main].near.Hint(name, known), "no "+what+" "+near.Quote(name)+" in the files that were read")
	}
}

func (m *module) addProvider(b *hclsyntax.Block, file *source.File) {
	name := b.Labels[0]
	if a := b.Body.Attributes["alias"]; a != nil {
		if v := m.scope(file).eval(a.Expr); !hole.Has(v.text) {
			name += "." + v.text
		}
	}
	m.providers[name] = &hclProvider{body: b.Body, file: file}
}

// provider returns a provider configuration by its name; those that are not in
// a module come from the one around it.
func (m *module) provider(name string) tfProvider {
	if p, is := m.passed[name]; is {
		return p
	}
	p := m.providers[name]
	if p == nil {
		if m.parent != nil && !strings.Contains(name, ".") {
			return m.parent.provider(name)
		}
		return tfProvider{name: name}
	}
	if p.done {
		return p.made
	}
	p.done = true
	p.made.name = name
	s := m.scope(p.file)
	aliased := strings.Contains(name, ".")
	if a := p.body.Attributes["region"]; a != nil {
		v := s.eval(a.Expr)
		if _, unknown := v.unknown(); isTextKind(v.kind) && (!unknown || aliased) {
			p.made.region = v.text
		}
	}
	has := func(name string) bool {
		return p.body.Attributes[name] != nil || slices.ContainsFunc(p.body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == name })
	}
	if aliased && anotherAccount(has) {
		p.made.account = m.t.hole(Hole{Name: m.path + name + ".account_id", Why: "account of the provider " + name, Pattern: "????????????", plain: true})
	}
	return p.made
}

// providerOf returns the provider configuration of a resource.
func (m *module) providerOf(b *hclBlock) tfProvider {
	name := "aws"
	if a := b.block.Body.Attributes["provider"]; a != nil && b.block.Type != "module" {
		if t, is := a.Expr.(*hclsyntax.ScopeTraversalExpr); is {
			if list, ok := stepsOf(t.Traversal); ok {
				name = list[0].name
				for _, st := range list[1:] {
					name += "." + st.name
				}
			}
		}
	}
	return m.provider(name)
}
