package dataflow

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// draft says which keywords of a schema count.
type draft uint8

const (
	unknownDraft draft = iota
	oldDraft           // up to draft-07, where nothing beside a $ref counts
	newDraft           // from 2019-09 on, where all of it does
)

var (
	oldDrafts = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^https?://json-schema\.org/draft-0[0-7]/`) })
	newDrafts = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^https?://json-schema\.org/draft/20\d\d-\d\d/`) })
)

func draftOf(root *jsontree.Value) draft {
	written := root.Get("$schema")
	switch {
	case !written.Is(jsontree.String):
		return unknownDraft
	case oldDrafts().MatchString(written.Text):
		return oldDraft
	case newDrafts().MatchString(written.Text):
		return newDraft
	}
	return unknownDraft
}

// narrowing are the keywords that would count beside a $ref.
var narrowing = []string{"type", "pattern", "properties", "required", "additionalProperties", "patternProperties", "items", "prefixItems",
	"additionalItems", "const", "enum", "allOf", "anyOf", "oneOf"}

// countsBeside reports whether what stands beside a $ref counts. Where the file
// does not say it does not, which excludes less, and is reported.
func (r *schemaReader) countsBeside(v, ref *jsontree.Value) bool {
	if r.draft != unknownDraft {
		return r.draft == newDraft
	}
	for _, name := range narrowing {
		if k := v.Get(name); k != nil {
			r.findings.Addf(source.Finding{
				Code: SchemaDraftUnknown, Severity: source.Warning, File: r.file, Span: ref.Span, Path: jsontree.Pointer(r.root, ref.Span),
				Hint: `say which draft this is: "$schema": "https://json-schema.org/draft/2020-12/schema"`,
			}, "up to draft-07 what stands beside $ref does not count, and no known $schema tells the draft: %s is left out", name)
			break
		}
	}
	return false
}

// reference follows a $ref inside the file.
func (r *schemaReader) reference(ref *jsontree.Value) Value {
	pointer, ok := strings.CutPrefix(ref.Text, "#")
	pointer, err := url.PathUnescape(pointer)
	if !ok || err != nil || pointer != "" && pointer[0] != '/' {
		r.fail(ref.Span, BadSchema, `such as "#/$defs/name"`, "%q does not refer to a place in this file", source.Clip(ref.Text, 80))
		return unknown
	}
	at := r.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		if at = below(at, token); at == nil {
			r.fail(ref.Span, BadSchema, "", "%q names no place in this file", source.Clip(ref.Text, 80))
			return unknown
		}
	}
	return r.schema(at)
}

// below is the member or the item that a part of a pointer names; nil where there
// is none.
func below(v *jsontree.Value, token string) *jsontree.Value {
	if !v.Is(jsontree.Array) {
		return v.Get(token)
	}
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || i >= len(v.Items) || token != strconv.Itoa(i) {
		return nil
	}
	return &v.Items[i]
}
