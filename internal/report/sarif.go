package report

import (
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/writ-iam/writ/source"
)

// The parts of SARIF 2.1.0 that are used. Source: OASIS, Static Analysis Results
// Interchange Format (SARIF) Version 2.1.0; sections in the comments.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct { // 3.14
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct { // 3.18
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct { // 3.19
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct { // 3.49
		ID               string             `json:"id"`
		ShortDescription *sarifText         `json:"shortDescription,omitempty"`
		HelpURI          string             `json:"helpUri,omitempty"`
		Help             *sarifText         `json:"help,omitempty"`
		Configuration    sarifConfiguration `json:"defaultConfiguration"`
		Properties       *sarifProperties   `json:"properties,omitempty"`
	}
	sarifConfiguration struct { // 3.50
		Level string `json:"level"`
	}
	sarifProperties struct {
		Tags []string `json:"tags"`
	}
	sarifText struct { // 3.11, 3.12
		Text string `json:"text"`
	}
	sarifResult struct { // 3.27
		RuleID     string            `json:"ruleId"`
		RuleIndex  int               `json:"ruleIndex"`
		Level      string            `json:"level"`
		Message    sarifText         `json:"message"`
		Locations  []sarifLocation   `json:"locations,omitempty"`
		Properties map[string]string `json:"properties,omitempty"`
	}
	sarifLocation struct { // 3.28
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct { // 3.29
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct { // 3.4
		URI string `json:"uri"`
	}
	sarifRegion struct { // 3.30; the end column is that after the last character
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
		ByteOffset  int `json:"byteOffset"`
		ByteLength  int `json:"byteLength"`
	}
	sarifLogical struct { // 3.33
		FullyQualifiedName string `json:"fullyQualifiedName"`
	}
)

var sarifLevels = [...]string{source.Suggestion: "note", source.Warning: "warning", source.SecurityWarning: "warning", source.Error: "error"}

// SARIF writes a SARIF 2.1.0 log with one run.
func SARIF(w io.Writer, r *Report) error {
	rules := r.rules()
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: r.Tool.Name, Version: r.Tool.Version, InformationURI: r.Tool.URI, Rules: []sarifRule{}}},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	index := make(map[string]int, len(rules))
	for i, rule := range rules {
		index[rule.Code] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(rule))
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		run.Results = append(run.Results, sarifResultOf(f, index[f.Code]))
	}
	return Indented(w, sarifLog{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func sarifRuleOf(rule Rule) sarifRule {
	out := sarifRule{ID: rule.Code, HelpURI: rule.URI, Configuration: sarifConfiguration{sarifLevels[rule.Severity]}}
	if rule.Summary != "" {
		out.ShortDescription = &sarifText{rule.Summary + "."}
	}
	if rule.Help != "" {
		out.Help = &sarifText{rule.Help}
	}
	if rule.Severity == source.SecurityWarning {
		out.Properties = &sarifProperties{[]string{"security"}}
	}
	return out
}

func sarifResultOf(f *source.Finding, rule int) sarifResult {
	out := sarifResult{RuleID: f.Code, RuleIndex: rule, Level: sarifLevels[f.Severity], Message: sarifText{withHint(f)},
		Properties: map[string]string{"severity": f.Severity.String()}}
	if f.File == nil {
		return out
	}
	start, end := f.File.Position(f.Span.Start), f.File.Position(max(f.Span.Start, f.Span.End))
	at := sarifLocation{Physical: sarifPhysical{
		Artifact: sarifArtifact{fileURI(f.File.Name)},
		Region:   sarifRegion{start.Line, start.Column, end.Line, end.Column, start.Offset, end.Offset - start.Offset},
	}}
	if f.Path != "" {
		at.Logical = []sarifLogical{{f.Path}}
	}
	out.Locations = []sarifLocation{at}
	return out
}

// fileURI is the name of a file as a URI reference: relative names stay so, and
// a name that begins like one of a scheme is kept from being read as that.
func fileURI(name string) string {
	name = filepath.ToSlash(name)
	if strings.HasPrefix(name, "/") {
		return (&url.URL{Scheme: "file", Path: name}).String()
	}
	return (&url.URL{Path: name}).String()
}
