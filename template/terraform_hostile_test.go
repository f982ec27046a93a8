package template

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/writ-iam/writ/source"
)

// bigPlan is a plan of about that many bytes with one policy among resources
// that say nothing about access.
func bigPlan(size int) string {
	const values = `{"bucket":"b","tags":{"team":"orders","note":"%s"},"rule":[{"id":1,"enabled":true,"filter":null}]}`
	note := strings.Repeat("x ", 400)
	var planned, changes, config strings.Builder
	policy := `{"name":"p","path":"/","policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}`
	fmt.Fprintf(&planned, `{"address":"aws_iam_policy.p","mode":"managed","type":"aws_iam_policy","values":%s}`, policy)
	changes.WriteString(`{"address":"aws_iam_policy.p","change":{"after_unknown":{"arn":true}}}`)
	config.WriteString(`{"address":"aws_iam_policy.p","expressions":{}}`)
	for i := 0; planned.Len()+changes.Len()+config.Len() < size; i++ {
		v := fmt.Sprintf(values, note)
		fmt.Fprintf(&planned, `,{"address":"aws_s3_object.o%d","mode":"managed","type":"aws_s3_object","name":"o%d","values":%s}`, i, i, v)
		fmt.Fprintf(&changes, `,{"address":"aws_s3_object.o%d","mode":"managed","type":"aws_s3_object","change":{"actions":["create"],"before":null,"after":%s,"after_unknown":{"id":true}}}`, i, v)
		fmt.Fprintf(&config, `,{"address":"aws_s3_object.o%d","mode":"managed","type":"aws_s3_object","expressions":{"bucket":{"references":["aws_s3_bucket.b.id","aws_s3_bucket.b"]}}}`, i)
	}
	return `{"format_version":"1.2","planned_values":{"root_module":{"resources":[` + planned.String() + `]}},"resource_changes":[` + changes.String() +
		`],"configuration":{"root_module":{"resources":[` + config.String() + `]}}}`
}

// What reading a plan takes, beside its text, is a small part of the text.
func TestPlanMemory(t *testing.T) {
	file := source.NewFile("plan.json", bigPlan(20<<20))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got, list := Read(file, Options{})
	runtime.ReadMemStats(&after)
	if got == nil || len(got.Policies) != 1 || got.Policies[0].Document == nil || len(list) > 0 {
		t.Fatal(got, list)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(len(file.Text))/2 {
		t.Errorf("reading %d bytes allocates %d", len(file.Text), used)
	}
}

// Hostile texts end soon, with a finding.
func TestTerraformHostile(t *testing.T) {
	deep := strings.Repeat
	loop := "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : \"x\"]]]"
	chain := "locals {\n  a0 = \"x\"\n"
	for i := 1; i < 3000; i++ {
		chain += fmt.Sprintf("  a%d = \"${local.a%d}${local.a%d}\"\n", i, i-1, i-1)
	}
	tests := []struct{ name, file, text, code string }{
		{"brackets", "a.tf", "locals { a = " + deep("[", 100_000) + " }", "TEMPLATE_TOO_LARGE"},
		{"parentheses", "a.tf", "locals { a = " + deep("(", 100_000), "TEMPLATE_TOO_LARGE"},
		{"operators", "a.tf", "locals { a = " + deep("!", 100_000) + "true }", "TEMPLATE_TOO_LARGE"},
		{"conditions", "a.tf", "locals { a = " + deep("true ? 1 : ", 100_000) + "2 }", "TEMPLATE_TOO_LARGE"},
		{"templates", "a.tf", "locals { a = " + deep(`"${`, 100_000), "TEMPLATE_TOO_LARGE"},
		{"blocks", "a.tf", deep("a {\n", 100_000), "TEMPLATE_TOO_LARGE"},
		{"sums", "a.tf", "resource \"aws_iam_user\" \"u\" { name = 1" + deep(" + 1", 100_000) + " }", "TEMPLATE_TOO_LARGE"},
		{"indexes", "a.tf", "resource \"aws_iam_user\" \"u\" { name = a[b" + deep("][b", 100_000) + "] }", "TEMPLATE_TOO_LARGE"},
		{"loops", "a.tf", "resource \"aws_iam_user\" \"u\" { name = jsonencode(" + loop + ") }", "TEMPLATE_TOO_LARGE"},
		{"doubling", "a.tf", chain + "}\nresource \"aws_iam_user\" \"u\" { name = local.a2999 }", "REFERENCE_CYCLE"},
		{"numbers", "a.tf", "resource \"aws_iam_user\" \"u\" { name = \"${1e999999999}${9e99999 * 9e99999}\" }", ""},
		{"padding", "a.tf", "resource \"aws_iam_user\" \"u\" { name = format(\"%999999999s\", \"a\") }", ""},
		{"plan", "a.json", `{"format_version":"1.2","planned_values":` + deep("[", 1_000_000), "MALFORMED_JSON"},
		{"modules", "a.json", `{"format_version":"1.2","planned_values":{"root_module":` + deep(`{"child_modules":[`, 200_000), "MALFORMED_JSON"},
		{"reserved", "a.tf", "locals { a = \"\\uE000\" }\nresource \"aws_iam_user\" \"u\" { name = local.a }", "RESERVED_CHARACTER"},
		{"reserved character", "a.tf", "locals { a = \"\ue000\" }", "RESERVED_CHARACTER"},
	}
	for _, tt := range tests {
		_, list := Read(source.NewFile(tt.file, tt.text), Options{})
		if tt.code != "" && !hasFinding(list, tt.code, "") {
			t.Errorf("%s: %.300v, want %s", tt.name, list, tt.code)
		}
	}
}

func FuzzTerraformPlan(f *testing.F) {
	f.Add(bigPlan(1000))
	f.Add(`{"format_version": "1.2", "planned_values": {"root_module": {"resources": [{"address": "data.aws_iam_policy_document.d", "mode": "data", "type": "aws_iam_policy_document", "values": {"statement": [{"actions": ["s3:*"], "resources": [null]}]}}]}}, "resource_changes": [{"address": "data.aws_iam_policy_document.d", "change": {"after_unknown": {"json": true, "statement": [{"resources": [true]}]}}}], "configuration": {"root_module": {"module_calls": {"m": {"module": {}}}, "resources": [{"address": "data.aws_iam_policy_document.d", "expressions": {"statement": [{"resources": {"references": ["module.m[\"a\"].x", "module.m"]}}]}}]}}}`)
	f.Fuzz(func(t *testing.T, text string) { fuzzRead(t, "plan.json", text) })
}

func FuzzTerraformHCL(f *testing.F) {
	f.Add(tfPreamble)
	f.Add("resource \"aws_iam_policy\" \"p\" {\n  policy = jsonencode({ Version = \"2012-10-17\", Statement = concat([for k, v in { a = 1 } : { Effect = v }], var.x ? [] : [{}]) })\n}\n")
	f.Add("data \"aws_iam_policy_document\" \"d\" {\n  dynamic \"statement\" {\n    for_each = toset([\"a\"])\n    content {\n      actions = [statement.key]\n    }\n  }\n}\nresource \"aws_kms_key\" \"k\" { policy = data.aws_iam_policy_document.d.json }\n")
	f.Add("resource \"aws_sfn_state_machine\" \"m\" {\n  definition = <<-EOT\n    {\"StartAt\": \"${path.module}\"%{ if true }}%{ endif }\n  EOT\n}\n")
	f.Fuzz(func(t *testing.T, text string) { fuzzRead(t, "main.tf", text) })
}

// fuzzRead reads a text: all spans lie in their files.
func fuzzRead(t *testing.T, name, text string) {
	if len(text) > 1<<16 {
		return
	}
	got, list := Read(source.NewFile(name, text), Options{Open: func(string) ([]byte, error) { return []byte("${a}"), nil }})
	check := func(file *source.File, span source.Span) {
		if file != nil && (span.Start < 0 || span.End < span.Start || int(span.End) > len(file.Text)) {
			t.Fatalf("span %v of %d bytes", span, len(file.Text))
		}
	}
	for _, f := range list {
		check(f.File, f.Span)
	}
	if got != nil {
		dump(got, list)
		for i := range got.Policies {
			check(got.Policies[i].File, got.Policies[i].Span)
		}
	}
}
