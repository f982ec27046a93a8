package template

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// plan is a plan or a state as "terraform show -json" prints it. Of the text,
// which may be large, it keeps where things stand; only what concerns access is
// made a tree. Source: Terraform documentation, "JSON Output Format".
type plan struct {
	*terraform
	file      *source.File
	sections  map[string]source.Span
	instances map[string]*planInstance // by address
	order     []*planInstance
	config    map[string]planConfig // of resources, by address without instance keys
	calls     map[string]source.Span
	outputs   map[string]source.Span // of modules, by path and name
	providers map[string]tfProvider
	variables map[string]string
}

// planInstance is an instance of a resource in a plan.
type planInstance struct {
	address, kind string
	data          bool
	module        string // address of the module that it stands in; "" for the root
	span          source.Span
	addressSpan   source.Span
	values        source.Span // empty where there are none
	unknown       source.Span // of after_unknown; empty where there is none
}

// planConfig is where the configuration of a resource stands.
type planConfig struct {
	expressions source.Span
	provider    string
}

// readPlan reads a plan.
func readPlan(file *source.File, opts Options) (*Template, source.List) {
	p := &plan{
		terraform: newTerraform(file, TerraformPlan, opts), file: file, sections: map[string]source.Span{},
		instances: map[string]*planInstance{}, config: map[string]planConfig{}, calls: map[string]source.Span{},
		outputs: map[string]source.Span{}, providers: map[string]tfProvider{}, variables: map[string]string{},
	}
	if len(file.Text) > MaxPlanSize {
		p.say("TEMPLATE_TOO_LARGE", source.Error, file, source.Span{}, "", "plan a part of it: terraform plan -target", "the plan has more than %d bytes", MaxPlanSize)
		return nil, p.files[file].findings.List()
	}
	if !p.skimSections() || !p.checkVersion() {
		return nil, p.files[file].findings.List()
	}
	for _, section := range []struct {
		name string
		read func(k *skimmer) bool
	}{
		{"variables", p.skimVariables}, {"planned_values", p.skimState(false)}, {"values", p.skimState(false)}, {"prior_state", p.skimPrior},
		{"resource_changes", p.skimChanges}, {"configuration", p.skimConfiguration},
	} {
		if !p.skimSection(section.name, section.read) {
			return nil, p.files[file].findings.List()
		}
	}
	p.checkGivenVariables()
	p.setAccount()
	for _, i := range p.order {
		switch {
		case i.data:
		case relevantType(i.kind):
			p.readResource(p.resource(i))
		case isStranger(i.kind):
			p.planStranger(i)
		}
		if r := p.resources[i.address]; r != nil {
			r.drop()
		}
	}
	return p.finish()
}

// malformed reports where the text is no JSON.
func (p *plan) malformed(k *skimmer) bool {
	at := int32(min(k.at, len(k.text)))
	p.say("MALFORMED_JSON", source.Error, p.file, source.Span{Start: at, End: min(at+1, int32(len(k.text)))}, "", "", "%s", k.err)
	return false
}

// skimSections notes where the members of the plan stand, and checks that all
// of it is JSON.
func (p *plan) skimSections() bool {
	k := &skimmer{text: p.file.Text}
	ok := k.members(func(name string, nameSpan source.Span) bool {
		span, ok := k.skip(0)
		if _, twice := p.sections[name]; twice {
			p.say("DUPLICATE_KEY", source.Error, p.file, nameSpan, "", "", "%s is already a name in this object", near.Quote(name))
			p.out.Incomplete = true
		}
		p.sections[name] = span
		return ok
	})
	if ok && k.peek() != 0 {
		ok = k.fail("unexpected " + k.found() + " after the plan")
	}
	if !ok {
		return p.malformed(k)
	}
	return true
}

// checkVersion refuses versions of the format that are not known: only those
// with another first number change what is there.
func (p *plan) checkVersion() bool {
	span, there := p.sections["format_version"]
	text := strings.Trim(p.file.Slice(span), `"`)
	major, _, _ := strings.Cut(text, ".")
	if there && (major == "1" || major == "0") {
		return true
	}
	p.say("UNSUPPORTED_FORMAT", source.Error, p.file, span, "", "versions 0.x and 1.x can be read", "the plan has format version %s", near.Quote(text))
	return false
}

// skimSection goes through one member of the plan.
func (p *plan) skimSection(name string, read func(k *skimmer) bool) bool {
	span, there := p.sections[name]
	if !there {
		return true
	}
	k := &skimmer{text: p.file.Text[:span.End], at: int(span.Start)}
	if k.peek() == 'n' { // null
		return true
	}
	if !read(k) {
		return p.malformed(k)
	}
	return true
}

// object goes through the members of an object that have a reader; a value of
// another kind is reported and passed over.
func (p *plan) object(k *skimmer, readers map[string]func(k *skimmer) bool) bool {
	return p.eachMember(k, func(name string, k *skimmer) bool {
		if read := readers[name]; read != nil && k.peek() != 'n' {
			return read(k)
		}
		_, ok := k.skip(0)
		return ok
	})
}

func (p *plan) eachMember(k *skimmer, visit func(name string, k *skimmer) bool) bool {
	if k.peek() != '{' {
		return p.misfit(k, "an object")
	}
	return k.members(func(name string, _ source.Span) bool { return visit(name, k) })
}

func (p *plan) eachItem(k *skimmer, visit func(k *skimmer) bool) bool {
	if k.peek() != '[' {
		return p.misfit(k, "an array")
	}
	return k.items(func() bool { return visit(k) })
}

// misfit reports a value of another kind than plans have in its place.
func (p *plan) misfit(k *skimmer, want string) bool {
	span, ok := k.skip(0)
	if ok {
		p.out.Incomplete = true
		p.say("BAD_FIELD_TYPE", source.Error, p.file, span, "", "", "a plan has %s here", want)
	}
	return ok
}

// text reads a string; other values are "".
func (p *plan) text(k *skimmer, into *string) bool {
	if k.peek() != '"' {
		_, ok := k.skip(0)
		return ok
	}
	var ok bool
	*into, ok = k.name()
	return ok
}

func keepSpan(into *source.Span) func(k *skimmer) bool {
	return func(k *skimmer) bool {
		var ok bool
		*into, ok = k.skip(0)
		return ok
	}
}

// skimPrior reads the data sources that were read before the plan was made.
func (p *plan) skimPrior(k *skimmer) bool {
	return p.object(k, map[string]func(k *skimmer) bool{"values": p.skimState(true)})
}

// skimState returns a reader of a representation of values.
func (p *plan) skimState(dataOnly bool) func(k *skimmer) bool {
	return func(k *skimmer) bool {
		return p.object(k, map[string]func(k *skimmer) bool{
			"root_module": func(k *skimmer) bool { return p.skimModule(k, dataOnly, 0) },
		})
	}
}

func (p *plan) skimModule(k *skimmer, dataOnly bool, depth int) bool {
	if depth > jsontree.MaxDepth/2 {
		return k.fail("nested too deeply")
	}
	return p.object(k, map[string]func(k *skimmer) bool{
		"resources": func(k *skimmer) bool {
			return p.eachItem(k, func(k *skimmer) bool { return p.skimResource(k, dataOnly) })
		},
		"child_modules": func(k *skimmer) bool {
			return p.eachItem(k, func(k *skimmer) bool { return p.skimModule(k, dataOnly, depth+1) })
		},
	})
}

// skimResource notes where a resource stands.
func (p *plan) skimResource(k *skimmer, dataOnly bool) bool {
	i := &planInstance{}
	mode := ""
	k.space()
	start := k.at
	ok := p.object(k, map[string]func(k *skimmer) bool{
		"address": func(k *skimmer) bool {
			at := k.at
			ok := p.text(k, &i.address)
			i.addressSpan = source.Span{Start: int32(at), End: int32(k.at)}
			return ok
		},
		"mode":   func(k *skimmer) bool { return p.text(k, &mode) },
		"type":   func(k *skimmer) bool { return p.text(k, &i.kind) },
		"values": keepSpan(&i.values),
	})
	i.span = source.Span{Start: int32(start), End: int32(k.at)}
	i.data = mode == "data"
	if ok && (i.data || !dataOnly) {
		p.add(i)
	}
	return ok
}

// add notes an instance; the first one of an address counts.
func (p *plan) add(i *planInstance) {
	if i.address == "" || i.kind == "" || hole.Reserved(i.address) >= 0 {
		p.out.Incomplete = true
		p.say("BAD_FIELD_TYPE", source.Error, p.file, i.span, "", "", "this resource has no address and type that can be read")
		return
	}
	if p.instances[i.address] != nil {
		return
	}
	i.module = moduleOf(i.address)
	p.instances[i.address] = i
	p.order = append(p.order, i)
}

// moduleOf returns the address of the module that a resource stands in.
func moduleOf(address string) string {
	end := 0
	for {
		name, ok := strings.CutPrefix(address[end:], "module.")
		if !ok {
			return strings.TrimSuffix(address[:end], ".")
		}
		at := nextDot(name)
		if at < 0 {
			return address
		}
		end += len("module.") + at + 1
	}
}

// outsideKeys goes through the bytes of an address that are in no instance key.
func outsideKeys(address string) iter.Seq2[int, byte] {
	return func(yield func(int, byte) bool) {
		key, quoted := false, false
		for i := 0; i < len(address); i++ {
			switch c := address[i]; {
			case quoted && c == '\\':
				i++
			case c == '"' && key:
				quoted = !quoted
			case quoted:
			case c == '[':
				key = true
			case c == ']':
				key = false
			case !key && !yield(i, c):
				return
			}
		}
	}
}

// nextDot finds the first dot of an address outside of instance keys.
func nextDot(address string) int {
	for i, c := range outsideKeys(address) {
		if c == '.' {
			return i
		}
	}
	return -1
}

// withoutKeys returns an address without its instance keys.
func withoutKeys(address string) string {
	if !strings.Contains(address, "[") {
		return address
	}
	var b strings.Builder
	for _, c := range outsideKeys(address) {
		b.WriteByte(c)
	}
	return b.String()
}

// skimChanges notes what is not known of resources before they exist.
func (p *plan) skimChanges(k *skimmer) bool {
	_, planned := p.sections["planned_values"]
	return p.eachItem(k, func(k *skimmer) bool {
		i := &planInstance{}
		mode, deposed := "", ""
		var after source.Span
		k.space()
		start := k.at
		ok := p.object(k, map[string]func(k *skimmer) bool{
			"address": func(k *skimmer) bool { return p.text(k, &i.address) },
			"mode":    func(k *skimmer) bool { return p.text(k, &mode) },
			"type":    func(k *skimmer) bool { return p.text(k, &i.kind) },
			"deposed": func(k *skimmer) bool { return p.text(k, &deposed) },
			"change": func(k *skimmer) bool {
				return p.object(k, map[string]func(k *skimmer) bool{"after": keepSpan(&after), "after_unknown": keepSpan(&i.unknown)})
			},
		})
		if !ok || deposed != "" {
			return ok
		}
		i.span, i.data, i.values = source.Span{Start: int32(start), End: int32(k.at)}, mode == "data", after
		known := p.instances[i.address]
		switch {
		case known != nil:
			known.unknown = i.unknown
			if known.values == (source.Span{}) {
				known.values = after
			}
		case !planned && after != (source.Span{}):
			p.add(i)
		}
		return true
	})
}

// skimVariables reads the values of the root module's variables.
func (p *plan) skimVariables(k *skimmer) bool {
	return p.eachMember(k, func(name string, k *skimmer) bool {
		value := ""
		ok := p.object(k, map[string]func(k *skimmer) bool{"value": func(k *skimmer) bool { return p.text(k, &value) }})
		p.variables[name] = value
		return ok
	})
}

func (p *plan) skimConfiguration(k *skimmer) bool {
	return p.object(k, map[string]func(k *skimmer) bool{
		"provider_config": p.skimProviders,
		"root_module":     func(k *skimmer) bool { return p.skimConfigModule(k, "", 0) },
	})
}

// skimConfigModule notes where the configuration of resources, the calls of
// modules and their outputs stand. path ends in a dot where it is not empty.
func (p *plan) skimConfigModule(k *skimmer, path string, depth int) bool {
	if depth > jsontree.MaxDepth/2 {
		return k.fail("nested too deeply")
	}
	return p.object(k, map[string]func(k *skimmer) bool{
		"resources": func(k *skimmer) bool {
			return p.eachItem(k, func(k *skimmer) bool {
				var c planConfig
				address := ""
				ok := p.object(k, map[string]func(k *skimmer) bool{
					"address":             func(k *skimmer) bool { return p.text(k, &address) },
					"provider_config_key": func(k *skimmer) bool { return p.text(k, &c.provider) },
					"expressions":         keepSpan(&c.expressions),
				})
				p.config[path+address] = c
				return ok
			})
		},
		"outputs": func(k *skimmer) bool {
			return p.eachMember(k, func(name string, k *skimmer) bool {
				var span source.Span
				ok := p.object(k, map[string]func(k *skimmer) bool{"expression": keepSpan(&span)})
				p.outputs[path+name] = span
				return ok
			})
		},
		"module_calls": func(k *skimmer) bool {
			return p.eachMember(k, func(name string, k *skimmer) bool {
				inner := path + "module." + name + "."
				var span source.Span
				ok := p.object(k, map[string]func(k *skimmer) bool{
					"expressions": keepSpan(&span),
					"module":      func(k *skimmer) bool { return p.skimConfigModule(k, inner, depth+1) },
				})
				p.calls[inner] = span
				return ok
			})
		},
	})
}

// skimProviders reads the Regions of provider configurations, and which of them
// act in an account of their own.
func (p *plan) skimProviders(k *skimmer) bool {
	return p.eachMember(k, func(key string, k *skimmer) bool {
		var span source.Span
		ok := p.object(k, map[string]func(k *skimmer) bool{"expressions": keepSpan(&span)})
		provider := tfProvider{name: key}
		if e := p.part(span); e != nil {
			if region := p.constant(e.Get("region")); region != "" {
				provider.region = region
			} else if e.Get("region") != nil && strings.Contains(key, ".") {
				provider.region = hole.Text(p.name(Hole{Name: key + ".region", Why: "Region of the provider " + key, plain: true}))
			}
			if strings.Contains(key, ".") && anotherAccount(func(name string) bool { return e.Get(name) != nil }) {
				provider.account = hole.Text(p.name(Hole{Name: key + ".account_id", Why: "account of the provider " + key, Pattern: "????????????", plain: true}))
			}
		}
		p.providers[key] = provider
		return ok
	})
}

// anotherAccount reports whether a provider configuration may act in another
// account than the default one.
func anotherAccount(has func(name string) bool) bool {
	for _, name := range []string{"assume_role", "assume_role_with_web_identity", "profile", "access_key", "shared_credentials_files", "allowed_account_ids"} {
		if has(name) {
			return true
		}
	}
	return false
}

// name notes a hole and returns its name.
func (t *terraform) name(h Hole) string {
	name, _ := hole.Whole(t.hole(h))
	return name
}

// constant returns an expression that is a constant text, or a variable with a
// value.
func (p *plan) constant(e *jsontree.Value) string {
	if c := e.Get("constant_value"); c.Is(jsontree.String) {
		return c.Text
	}
	if ref, only := onlyReference(e); only {
		if name, is := strings.CutPrefix(ref, "var."); is {
			return p.variables[name]
		}
	}
	return ""
}

// checkGivenVariables says that a plan has made its variables' values already.
func (p *plan) checkGivenVariables() {
	p.checkParameters(slices.Sorted(maps.Keys(p.variables)))
	for _, name := range slices.Sorted(maps.Keys(p.opts.Parameters)) {
		if made, is := p.variables[name]; is && made != p.opts.Parameters[name] {
			p.files[p.file].findings.Addf(source.Finding{Code: "PARAMETER_IGNORED", Severity: source.Warning, Hint: "plan again with the other value"},
				"the plan was made with another value of variable %s", near.Quote(name))
		}
	}
}

// setAccount takes the account from the data sources that say it, where they
// agree.
func (p *plan) setAccount() {
	account := ""
	for _, i := range p.order {
		if !i.data || i.kind != "aws_caller_identity" || i.module != "" || strings.Contains(p.config[withoutKeys(i.address)].provider, ".") {
			continue
		}
		id := p.part(i.values).Get("account_id")
		if !id.Is(jsontree.String) || account != "" && id.Text != account {
			return
		}
		account = id.Text
	}
	main := p.files[p.file]
	if account != "" && p.opts.Account == "" {
		main.pseudo["AWS::AccountId"] = account
	}
	if region := p.providers["aws"].region; region != "" && p.opts.Region == "" && !hole.Has(region) {
		opts := p.opts
		opts.Region, opts.Account, opts.StackName = region, main.pseudo["AWS::AccountId"], ""
		main.setPseudo(opts)
	}
}

// part makes a tree of a part of the plan, nil where there is none.
func (p *plan) part(span source.Span) *jsontree.Value {
	if span.Start >= span.End || !p.spend(p.file, span, 1, int(span.End-span.Start)) {
		return nil
	}
	root, duplicates, err := parsePart(p.file.Text, span)
	if err != nil {
		p.wrong("MALFORMED_JSON", p.file, err.Span, "", "", "%s", err.Msg)
		return nil
	}
	for _, d := range duplicates {
		p.wrong("DUPLICATE_KEY", p.file, d.Second, "", "", "%s is already a name in this object", near.Quote(d.Name))
	}
	if at, bad := reserved(root); bad {
		p.wrong("RESERVED_CHARACTER", p.file, at, "", "", "the private-use characters U+E000 and U+E001 stand for unknown values in Writ and cannot be read")
		return nil
	}
	return root
}

func readTerraformPlan(d *document) (*Template, source.List) { return readPlan(d.file, d.opts) }
