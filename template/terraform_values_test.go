package template

import (
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// tfPreamble is what the expressions of TestTerraformValues refer to.
const tfPreamble = `
variable "env" {}
variable "known" { default = "prod" }
variable "list" { type = list(string) }
variable "on" { type = bool }
variable "settings" {
  type = object({ name = optional(string, "main"), size = optional(number) })
  default = {}
}
variable "secret" { sensitive = true }
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
provider "aws" {
  alias  = "west"
  region = "us-west-2"
}
provider "aws" {
  alias  = "other"
  region = "eu-north-1"
  assume_role { role_arn = "arn:aws:iam::999999999999:role/deploy" }
}
resource "aws_sqs_queue" "q" {}
resource "aws_sqs_queue" "named" { name = "orders-${var.env}" }
resource "aws_sqs_queue" "west" {
  provider = aws.west
  name     = "w"
}
resource "aws_sqs_queue" "other" {
  provider = aws.other
  name     = "o"
}
resource "aws_sns_topic" "regional" {
  region = "ap-south-1"
  name   = "r"
}
resource "aws_s3_bucket" "b" { bucket = "logs" }
resource "aws_sqs_queue" "two" {
  count = 2
  name  = "two-${count.index}"
}
resource "aws_sqs_queue" "each" {
  for_each = toset(["b", "a"])
  name     = each.key
}
resource "aws_sqs_queue" "many" {
  for_each = toset(var.list)
  name     = "many-${each.value}"
}
resource "aws_sqs_queue" "maybe" {
  count = var.on ? 1 : 0
  name  = "maybe"
}
resource "random_id" "r" {}
resource "aws_kinesis_stream_consumer" "c" {
  name       = "c"
  stream_arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/s"
}
`

// What a resource in a policy is, for an expression: the values with holes as
// ${NAME}, or what a finding says about it.
func TestTerraformValues(t *testing.T) {
	const sqs = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:"
	tests := []struct{ expr, want string }{
		{`"*"`, "*"},
		{`var.env`, "${var.env}"},
		{`"a-${var.env}-${var.known}"`, "a-${var.env}-prod"},
		{`var.secret`, "${var.secret}"},
		{`var.settings.name`, "main"},
		{`aws_sqs_queue.q.arn`, sqs + "${aws_sqs_queue.q.name}"},
		{`aws_sqs_queue.q.name`, "${aws_sqs_queue.q.name}"},
		{`aws_sqs_queue.q.url`, "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${aws_sqs_queue.q.name}"},
		{`aws_sqs_queue.named.arn`, sqs + "orders-${var.env}"},
		{`aws_sqs_queue.west.arn`, "arn:${AWS::Partition}:sqs:us-west-2:${AWS::AccountId}:w"},
		{`aws_sqs_queue.other.arn`, "arn:${AWS::Partition}:sqs:eu-north-1:${aws.other.account_id}:o"},
		{`aws_sns_topic.regional.arn`, "arn:${AWS::Partition}:sns:ap-south-1:${AWS::AccountId}:r"},
		{`"${aws_s3_bucket.b.arn}/*"`, "arn:${AWS::Partition}:s3:::logs/*"},
		{`aws_kinesis_stream_consumer.c.arn`, "arn:aws:kinesis:eu-west-1:123456789012:stream/s/consumer/c:${aws_kinesis_stream_consumer.c.creation_timestamp}"},
		{`random_id.r.hex`, "${random_id.r.hex}"},
		{`aws_sqs_queue.missing.arn`, sqs + "${aws_sqs_queue.missing.name}"},
		{`"arn:aws:sqs:${data.aws_region.here.region}:${data.aws_caller_identity.me.account_id}:x"`, "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:x"},
		{`aws_sqs_queue.two[1].arn`, sqs + "two-1"},
		{`aws_sqs_queue.two[*].arn`, sqs + "two-0 " + sqs + "two-1"},
		{`aws_sqs_queue.each["a"].name`, "a"},
		{`[for q in aws_sqs_queue.each : q.name]`, "a b"},
		{`values(aws_sqs_queue.each)[*].name`, "a b"},
		{`[for k, q in aws_sqs_queue.each : "${k}/${q.name}" if k != "a"]`, "b/b"},
		{`aws_sqs_queue.many["x"].name`, "many-${aws_sqs_queue.many.each.value}"},
		{`one(aws_sqs_queue.two[*].name)`, "${one(aws_sqs_queue.two[*].name)}"},
		{`aws_sqs_queue.maybe[0].name`, "maybe"},
		{`var.on ? "a" : "b"`, "${If:var.on#2}"}, // the first is that of count
		{`var.known == "prod" ? "a" : "b"`, "a"},
		{`var.env == var.env ? "same" : "other"`, "same"},
		{`!false && (1 + 2) * 3 > 8 ? "yes" : "no"`, "yes"},
		{`concat(["a"], ["b"], [var.env])`, "a b ${var.env}"},
		{`join(",", ["a", var.env])`, "a,${var.env}"},
		{`join(",", var.list)`, `${join(",", var.list)}`},
		{`format("arn:aws:s3:::%s/%d", var.env, 7)`, "arn:aws:s3:::${var.env}/7"},
		{`formatlist("%s/*", ["a", var.env])`, "a/* ${var.env}/*"},
		{`upper(var.known)`, "PROD"},
		{`upper(var.env)`, "${upper(var.env)}"},
		{`replace("a-b", "-", "_")`, "a_b"},
		{`split(",", "a,b")`, "a b"},
		{`flatten([["a"], [["b"]], "c"])`, "a b c"},
		{`distinct(compact(["a", "", "a"]))`, "a"},
		{`lookup({ a = "x" }, "b", "y")`, "y"},
		{`merge({ a = "x" }, { a = "z" }).a`, "z"},
		{`jsondecode("{\"a\": [\"x\"]}").a[0]`, "x"},
		{`yamldecode("a: y").a`, "y"},
		{`element(["a", "b"], 3)`, "b"},
		{`coalesce("", "c")`, "c"},
		{`try("t", var.env)`, "t"},
		{`keys({ b = 1, a = 2 })`, "a b"},
		{`zipmap(["a"], ["v"]).a`, "v"},
		{`length(["a", "b"]) == 2 ? "two" : "?"`, "two"},
		{`contains(["a", "b"], "b") ? "in" : "out"`, "in"},
		{`contains(["a", var.env], "b") ? "in" : "out"`, `${If:contains(["a", var.env], "b")}`},
		{`startswith(var.known, "pr") ? "p" : "n"`, "p"},
		{`"${<<-EOT
		  x
		    y
		EOT
		}"`, "x\n  y\n"},
		{`trimspace(<<-EOT
		  x
		EOT
		)`, "x"},
		{`"%{for x in ["a", "b"]}${x};%{endfor}"`, "a;b;"},
		{`"%{if var.known == "prod"}p%{else}n%{endif}"`, "p"},
		{`"$${aws:username}"`, "${aws:username}"},
		{`format("%5s", "a")`, `${format("%5s", "a")}`},
		{`sha256("x")`, `${sha256("x")}`},
		// What cannot be told is said, and the policy is incomplete.
		{`var.on ? ["a"] : ["b"]`, "TEMPLATE_UNREADABLE whether this stands here is not known: var.on"},
		{`concat(["a"], var.list)`, "TEMPLATE_UNREADABLE what else stands here, var.list, is not known"},
		{`[for q in aws_sqs_queue.many : q.arn]`, "TEMPLATE_UNREADABLE what else stands here, instances of aws_sqs_queue.many, is not known"},
		{`aws_sqs_queue.maybe[*].name`, "TEMPLATE_UNREADABLE whether this stands here is not known: var.on"},
		{`aws_sqs_queue.q`, "TEMPLATE_UNREADABLE a resource as a whole stands here, aws_sqs_queue.q"},
	}
	for _, tt := range tests {
		text := tfPreamble + "resource \"aws_iam_policy\" \"p\" {\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{ Effect = \"Allow\", Action = \"a:b\", Resource = " + tt.expr + " }]\n  })\n}\n"
		got, list := Read(source.NewFile("main.tf", text), Options{})
		if got == nil || len(got.Policies) != 1 {
			t.Errorf("%s: %v", tt.expr, list)
			continue
		}
		p := got.Policies[0]
		answer := ""
		if p.Document != nil && len(p.Document.Statements) == 1 && p.Document.Statements[0].Resource != nil {
			answer = hole.Print(strings.Join(p.Document.Statements[0].Resource.Texts(), " "))
		}
		if code, message, is := strings.Cut(tt.want, " "); is && strings.HasPrefix(code, "TEMPLATE_") {
			if !p.Incomplete || !hasFinding(list, code, message) {
				t.Errorf("%s: %q, %v, want %s", tt.expr, answer, list, tt.want)
			}
			continue
		}
		if answer != tt.want || p.Incomplete {
			t.Errorf("%s is %q (incomplete: %v), want %q\n%v", tt.expr, answer, p.Incomplete, tt.want, list)
		}
	}
}

func hasFinding(list source.List, code, message string) bool {
	for _, f := range list {
		if f.Code == code && strings.HasPrefix(hole.Print(f.Message), message) {
			return true
		}
	}
	return false
}

// Each statement and each element of a policy in HCL points at its text.
func TestTerraformPositions(t *testing.T) {
	text := `resource "aws_iam_policy" "a" {
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["s3:Get*"], Resource = "*" }] })
}
resource "aws_iam_policy" "b" {
  policy = "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"s3:Get*\"], \"Resource\": \"${var.x}*\"}]}"
}
resource "aws_iam_policy" "c" {
  policy = <<-EOT
    {"Statement":
      [{"Effect": "Allow",
        "Action": ["s3:Get*"], "Resource": "*"}]}
  EOT
}
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["s3:Get*"]
    resources = ["*"]
  }
}
resource "aws_iam_policy" "d" {
  policy = data.aws_iam_policy_document.d.json
}
`
	file := source.NewFile("main.tf", text)
	got, _ := Read(file, Options{})
	if len(got.Policies) != 4 {
		t.Fatal("policies:", len(got.Policies))
	}
	for i, p := range got.Policies {
		if p.Document == nil || len(p.Document.Statements) != 1 {
			t.Errorf("#%d: no statement", i)
			continue
		}
		action := p.Document.Statements[0].Action.Values[0]
		at := strings.ReplaceAll(file.Slice(action.Span), `\`, "")
		if !strings.Contains(at, "s3:Get*") || len(at) > len(`"s3:Get*"`) {
			t.Errorf("#%d: the action stands at %q", i, at)
		}
	}
}
