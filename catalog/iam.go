package catalog

import (
	"maps"
	"slices"
	"sort"
	"strings"
)

// A Service is one IAM service: the name before the colon of its actions.
type Service struct {
	Prefix  string // as in actions: "ecs"
	Name    string // as AWS calls it: "Amazon Elastic Container Service"
	Actions []*Action
	Types   []*ResourceType
	Keys    []Key
}

// An Action is a permission that a policy can name.
type Action struct {
	Service     string // prefix of its service
	Name        string // "RunTask"
	AccessLevel AccessLevel

	// Types are the resource types on which it can be granted. Without any it
	// is granted on "*" alone.
	Types []TypeOfAction

	// Keys are the condition keys that it has whatever the resource; those
	// that it has with one resource type stand with the type. Keys of the
	// resource type itself and the global keys come on top: see
	// [Service.KeysOf].
	Keys []string

	// Dependents are actions that it may need besides, as of December 2025:
	// later sources have none. They are documentation, not what AWS checks.
	Dependents []string
}

// FullName returns the action as a policy spells it: "ecs:RunTask".
func (a *Action) FullName() string { return a.Service + ":" + a.Name }

// A TypeOfAction is a resource type as one action takes it.
type TypeOfAction struct {
	Name     string
	Required bool     // the action needs a resource of this type
	Keys     []string // condition keys that the action has on this type
}

// A ResourceType is a kind of resource that policies can name.
type ResourceType struct {
	Service string
	Name    string // "task-definition"

	// Formats are its ARNs, with placeholders such as ${ClusterName};
	// ${Partition}, ${Region} and ${Account} are the common ones. Few types
	// have more than one.
	Formats []string

	// OldFormats are ARNs that resources of this type have had and may still
	// have, though AWS gives them to no new ones.
	OldFormats []string

	Keys []string // condition keys of resources of this type
}

// A Key is a condition key. ${TagKey} and the like in its name stand for
// what the caller puts there.
type Key struct {
	Name string
	Type KeyType
}

// AccessLevel says what an action does, as IAM groups actions.
type AccessLevel string

// The access levels.
const (
	Read                  AccessLevel = "Read"
	List                  AccessLevel = "List"
	Write                 AccessLevel = "Write"
	Tagging               AccessLevel = "Tagging"
	PermissionsManagement AccessLevel = "PermissionsManagement"
)

func (l AccessLevel) valid() bool {
	switch l {
	case Read, List, Write, Tagging, PermissionsManagement:
		return true
	}
	return false
}

// KeyType is the type of the values of a condition key.
type KeyType string

// The types of condition keys. Keys of the ArrayOf types hold several values
// and are used with ForAllValues or ForAnyValue.
const (
	String        KeyType = "String"
	Numeric       KeyType = "Numeric"
	Date          KeyType = "Date"
	Bool          KeyType = "Bool"
	IPAddress     KeyType = "IPAddress"
	ARN           KeyType = "ARN"
	ArrayOfString KeyType = "ArrayOfString"
	ArrayOfBool   KeyType = "ArrayOfBool"
	ArrayOfARN    KeyType = "ArrayOfARN"
)

func (t KeyType) valid() bool {
	switch t {
	case String, Numeric, Date, Bool, IPAddress, ARN, ArrayOfString, ArrayOfBool, ArrayOfARN:
		return true
	}
	return false
}

// Multivalued reports whether keys of this type hold several values.
func (t KeyType) Multivalued() bool { return strings.HasPrefix(string(t), "ArrayOf") }

// Action returns the action of that name, without regard to case.
func (s *Service) Action(name string) (*Action, bool) {
	return find(s.Actions, name, func(a *Action) string { return a.Name })
}

// ResourceType returns the resource type of that name, without regard to case.
func (s *Service) ResourceType(name string) (*ResourceType, bool) {
	return find(s.Types, name, func(t *ResourceType) string { return t.Name })
}

// Key returns the condition key of that name, without regard to case. A name
// with something in the place of ${TagKey} is found too.
func (s *Service) Key(name string) (Key, bool) { return findKey(s.Keys, name) }

func findKey(keys []Key, name string) (Key, bool) {
	for _, k := range keys {
		if sameKey(k.Name, name) {
			return k, true
		}
	}
	return Key{}, false
}

// sameKey compares the name of a key in the catalogue with one in a policy.
func sameKey(known, name string) bool {
	before, placeholder, ok := strings.Cut(known, "${")
	if !ok {
		return strings.EqualFold(known, name)
	}
	if strings.EqualFold(known, name) {
		return true
	}
	_, after, _ := strings.Cut(placeholder, "}")
	return len(name) > len(before)+len(after) &&
		strings.EqualFold(before, name[:len(before)]) &&
		strings.EqualFold(after, name[len(name)-len(after):])
}

// KeysOf returns the condition keys that requests for the action can carry,
// global ones aside, sorted: those of the action, of its resource types as it
// takes them, and of the types themselves.
func (s *Service) KeysOf(a *Action) []string {
	seen := map[string]bool{}
	add := func(keys []string) {
		for _, k := range keys {
			seen[k] = true
		}
	}
	add(a.Keys)
	for _, t := range a.Types {
		add(t.Keys)
		if full, ok := s.ResourceType(t.Name); ok {
			add(full.Keys)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// ActionsOn returns the actions that take a resource type, named without
// regard to case.
func (s *Service) ActionsOn(resourceType string) []*Action {
	var found []*Action
	for _, a := range s.Actions {
		for _, t := range a.Types {
			if strings.EqualFold(t.Name, resourceType) {
				found = append(found, a)
				break
			}
		}
	}
	return found
}

// ActionsWithKey returns the actions whose requests can carry a condition key
// of the service, see [Service.KeysOf].
func (s *Service) ActionsWithKey(key string) []*Action {
	var found []*Action
	for _, a := range s.Actions {
		for _, k := range s.KeysOf(a) {
			if sameKey(k, key) {
				found = append(found, a)
				break
			}
		}
	}
	return found
}

// find looks a name up without regard to case. Lists are in order of bytes, in
// which capitals come first, so a name of the right spelling is found fast.
func find[T any](sorted []T, name string, nameOf func(T) string) (found T, ok bool) {
	i := sort.Search(len(sorted), func(i int) bool { return nameOf(sorted[i]) >= name })
	if i < len(sorted) && nameOf(sorted[i]) == name {
		return sorted[i], true
	}
	for _, x := range sorted {
		if strings.EqualFold(nameOf(x), name) {
			return x, true
		}
	}
	return found, false
}
