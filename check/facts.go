package check

import (
	"errors"
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// facts answers questions about AWS. The first error of the catalogue's data is
// kept: what is asked after it is not known, and the check as a whole fails.
type facts struct {
	catalog  *catalog.Catalog
	err      error
	keys     map[string]keyFact
	services map[string]*catalog.Service // nil for what is no service
	formats  map[string][]*format        // by prefix of a service
	unused   map[string][]*format        // see actionless

	actions  map[string]*action          // by entry of Action that names one
	known    map[*catalog.Action]*action // each action once
	expanded map[string][]*action        // by entry of Action with wildcards
	kept     int                         // length of all lists in expanded

	names map[string]near.Names            // of actions, by prefix, and under "" of services; for hints; see principalsOfServices
	sdk   map[string][]*catalog.SDKService // by prefix

	room *scratch // nil while a document is checked

	foreignKeys    map[string]catalog.Key // of services other than that of their prefix; nil until asked for
	foreignFormats map[string][]*format   // by the service in the ARN
}

func newFacts(c *catalog.Catalog) facts {
	return facts{
		catalog: c, keys: make(map[string]keyFact), services: make(map[string]*catalog.Service),
		formats: make(map[string][]*format), unused: make(map[string][]*format), actions: make(map[string]*action), known: make(map[*catalog.Action]*action),
		expanded: make(map[string][]*action), sdk: make(map[string][]*catalog.SDKService), names: make(map[string]near.Names),
	}
}

// failed keeps an error that is about the data, and reports whether there was
// any error.
func (f *facts) failed(err error) bool {
	if err != nil && !errors.Is(err, catalog.ErrUnknown) && f.err == nil {
		f.err = err
	}
	return err != nil
}

// service returns the service of a prefix, or nil.
func (f *facts) service(prefix string) *catalog.Service {
	prefix = strings.ToLower(source.Clip(prefix, longestName))
	s, asked := f.services[prefix]
	if !asked {
		if names, err := f.catalog.Services(); f.failed(err) || !slices.Contains(names, prefix) {
			s = nil
		} else if s, err = f.catalog.Service(prefix); f.failed(err) {
			s = nil
		}
		f.services[prefix] = s
	}
	return s
}

// longestName is longer than the names of services and keys can be, in bytes.
const longestName = 256

// isService reports whether actions or keys can begin with a prefix: of a service
// of today, or of one that is gone and whose policies are still valid.
func (f *facts) isService(prefix string) bool {
	return f.service(prefix) != nil || slices.Contains(retiredServices, strings.ToLower(prefix))
}

// serviceNames are the prefixes of all services, for hints.
func (f *facts) serviceNames() near.Names {
	names, asked := f.names[""]
	if !asked {
		list, err := f.catalog.Services()
		f.failed(err)
		names = near.Prepare(list)
		f.names[""] = names
	}
	return names
}

// principalNames are labels that principals of services have, for hints.
func (f *facts) principalNames() near.Names {
	names, asked := f.names[principalsOfServices]
	if !asked {
		list, err := f.catalog.Services()
		f.failed(err)
		names = near.Prepare(slices.Concat(list, retiredServices, principalLabels))
		f.names[principalsOfServices] = names
	}
	return names
}

// principalsOfServices is no prefix of a service.
const principalsOfServices = ".amazonaws.com"

// keyOrigin says where a condition key comes from.
type keyOrigin uint8

const (
	keyUnknown     keyOrigin = iota
	keyGlobal                // one of aws:..., and those that services hand on to others
	keyOfService             // of the service of its prefix
	keyOfProvider            // a claim of an identity provider: accounts.google.com:sub
	keyMissingTag            // of a kind that needs a tag key behind a slash, and has none
	keyNoPrefix              // without a colon
	keyBadPrefix             // the prefix is no service
	keyBadGlobal             // aws:... that does not exist
	keyBadService            // the service has no such key
	keyUnsupported           // aws:ARN
)

// keyFact is what is known about a condition key.
type keyFact struct {
	origin keyOrigin
	name   string // as the catalogue has it: aws:ResourceTag/${TagKey}
	typ    catalog.KeyType
	prefix string
}

func (k keyFact) exists() bool {
	return k.origin == keyGlobal || k.origin == keyOfService || k.origin == keyOfProvider
}

// multivalued reports whether requests can have several values for the key.
func (k keyFact) multivalued() bool { return k.typ.Multivalued() }

// singleValued reports whether they are known to have one at most.
func (k keyFact) singleValued() bool {
	return k.exists() && k.typ != "" && !k.multivalued() && !strings.HasSuffix(k.name, ":amr")
}

// tokenService is the prefix of the service that takes the tokens of identity providers.
const tokenService = "sts"

// key returns what is known about a condition key, given in lower case.
func (f *facts) key(lower string) keyFact {
	k, asked := f.keys[lower]
	if !asked {
		k = f.findKey(lower)
		f.keys[lower] = k
	}
	return k
}

func (f *facts) findKey(lower string) keyFact {
	at := strings.IndexByte(lower, ':')
	if at <= 0 || at == len(lower)-1 && lower != "aws:" {
		return keyFact{origin: keyNoPrefix}
	}
	fact := keyFact{prefix: lower[:at]}
	if k, ok := f.lookup(lower); ok {
		fact.name, fact.typ, fact.origin = k.Name, k.Type, keyOfService
		switch {
		case f.isGlobal(k.Name):
			fact.origin = keyGlobal
		case isProvider(fact.prefix):
			fact.origin = keyOfProvider
		}
		return fact
	}
	if isProvider(fact.prefix) {
		fact.origin = keyOfProvider
		if sts := f.service(tokenService); sts != nil {
			if k, ok := sts.Key(lower); ok {
				fact.name, fact.typ = k.Name, k.Type
			}
		}
		return fact
	}
	switch {
	case lower == "aws:arn":
		fact.origin = keyUnsupported
	case f.needsTag(lower):
		fact.origin = keyMissingTag
	case fact.prefix == "aws":
		fact.origin = keyBadGlobal
	case f.service(fact.prefix) != nil:
		fact.origin = keyBadService
	case f.isService(fact.prefix):
		fact.origin = keyUnknown
	default:
		fact.origin = keyBadPrefix
	}
	return fact
}

// isProvider reports whether keys with a prefix are claims of an identity provider.
func isProvider(prefix string) bool { return strings.Contains(prefix, ".") || prefix == "saml" }

func (f *facts) lookup(lower string) (catalog.Key, bool) {
	if strings.HasSuffix(lower, "/") { // a placeholder stands for something
		return catalog.Key{}, false
	}
	k, err := f.catalog.Key(lower)
	if !f.failed(err) {
		return k, true
	}
	prefix, _, _ := strings.Cut(lower, ":")
	if prefix == "aws" || strings.Contains(prefix, ".") {
		return catalog.Key{}, false
	}
	if s := f.service(prefix); s != nil {
		for _, k := range s.Keys { // as s3:ExistingObjectTag/<key> and secretsmanager:ResourceTag/tag-key
			if shape := keyShape(k.Name); strings.HasSuffix(shape, "/") && strings.HasPrefix(lower, shape) && !strings.Contains(k.Name, "${") {
				return k, true
			}
		}
	}
	f.readAll()
	if k, ok := f.foreignKeys[lower]; ok {
		return k, true
	}
	base, _, tagged := strings.Cut(lower, "/")
	if !tagged {
		return catalog.Key{}, false
	}
	k, ok := f.foreignKeys[base+"/"]
	return k, ok
}

// keyShape is the name of a key in lower case, up to its placeholder.
func keyShape(name string) string {
	name = strings.TrimSuffix(name, "tag-key")
	if i := strings.IndexAny(name, "$<"); i >= 0 {
		name = name[:i]
	}
	return strings.ToLower(name)
}

// needsTag reports whether a key would exist with a tag key behind it.
func (f *facts) needsTag(lower string) bool {
	base := strings.TrimSuffix(lower, "/")
	if !strings.HasSuffix(base, "tag") {
		return false
	}
	_, ok := f.lookup(base + "/x")
	return ok
}

func (f *facts) isGlobal(name string) bool {
	global, err := f.catalog.GlobalKeys()
	if f.failed(err) {
		return false
	}
	return slices.ContainsFunc(global, func(k catalog.Key) bool { return k.Name == name })
}

// keyNames are the keys of a service, or the global ones for "aws", for hints.
func (f *facts) keyNames(prefix string) []string {
	list, err := f.catalog.GlobalKeys()
	f.failed(err)
	if prefix != "aws" {
		if s := f.service(prefix); s != nil {
			list = s.Keys
		}
	}
	names := make([]string, len(list))
	for i, k := range list {
		names[i] = k.Name
	}
	return names
}
