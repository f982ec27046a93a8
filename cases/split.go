package cases

import (
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/source"
)

// split reads the documents of a file. A document that cannot be read is a
// finding; the others still come.
func split(file *source.File) ([]*jsontree.Value, source.List) {
	if len(file.Text) > source.MaxSize {
		return nil, source.List{{Code: codeJSON, Severity: source.Error, File: file, Message: "the file is larger than 64 MiB"}}
	}
	switch name := strings.ToLower(file.Name); {
	case hasSuffix(name, ".yaml", ".yml"):
		return splitYAML(file)
	case hasSuffix(name, ".jsonl", ".ndjson"):
		return splitLines(file)
	}
	text := strings.TrimLeft(file.Text, " \t\r\n")
	if !strings.HasPrefix(text, "{") {
		return splitYAML(file)
	}
	// JSON lines have a whole document on the first line.
	first, _, _ := strings.Cut(text, "\n")
	if _, _, err := jsontree.Parse(first); err == nil {
		return splitLines(file)
	}
	return parseChunks(file, []chunk{{0, file.Text}}, codeJSON, jsontree.Parse)
}

func hasSuffix(name string, suffixes ...string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// chunk is the text of one document and where it stands in the file.
type chunk struct {
	offset int
	text   string
}

func splitLines(file *source.File) ([]*jsontree.Value, source.List) {
	var chunks []chunk
	for at, text := range lines(file.Text) {
		if strings.TrimSpace(text) != "" {
			chunks = append(chunks, chunk{at, text})
		}
	}
	return parseChunks(file, chunks, codeJSON, jsontree.Parse)
}

// splitYAML cuts at the lines that begin with "---", which YAML lets stand for
// nothing else, not even within a string.
func splitYAML(file *source.File) ([]*jsontree.Value, source.List) {
	var chunks []chunk
	start, empty := 0, true
	add := func(end int) {
		if !empty {
			chunks = append(chunks, chunk{start, file.Text[start:end]})
		}
		start, empty = end, true
	}
	for at, text := range lines(file.Text) {
		rest, marker := strings.CutPrefix(text, "---")
		if marker && (rest == "" || strings.ContainsRune(" \t\r\n", rune(rest[0]))) {
			add(at)
			text = rest
		}
		text = strings.TrimSpace(text)
		if text != "" && text != "..." && text[0] != '#' && text[0] != '%' {
			empty = false
		}
	}
	add(len(file.Text))
	return parseChunks(file, chunks, codeYAML, yamltree.Parse)
}

// lines visits the lines of a text with their offsets, line breaks included.
func lines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		at := 0
		for line := range strings.Lines(text) {
			if !yield(at, line) {
				return
			}
			at += len(line)
		}
	}
}

type parser func(string) (*jsontree.Value, []jsontree.Duplicate, *jsontree.Error)

func parseChunks(file *source.File, chunks []chunk, code string, parse parser) ([]*jsontree.Value, source.List) {
	var roots []*jsontree.Value
	var findings source.List
	for _, c := range chunks {
		root, _, err := parse(c.text)
		if err != nil {
			findings = append(findings, source.Finding{Code: code, Severity: source.Error, File: file,
				Span: moved(err.Span, int32(c.offset)), Message: err.Msg})
			continue
		}
		move(root, int32(c.offset))
		roots = append(roots, root)
	}
	return roots, findings
}

func moved(s source.Span, by int32) source.Span {
	return source.Span{Start: s.Start + by, End: s.End + by}
}

// move shifts the spans of a tree. Trees are no deeper than jsontree.MaxDepth.
func move(v *jsontree.Value, by int32) {
	if by == 0 {
		return
	}
	v.Span = moved(v.Span, by)
	for i := range v.Items {
		move(&v.Items[i], by)
	}
	for i := range v.Members {
		v.Members[i].NameSpan = moved(v.Members[i].NameSpan, by)
		move(&v.Members[i].Value, by)
	}
}
