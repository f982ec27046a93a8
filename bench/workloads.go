package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// typical is a definition of about 2 KB that every generator in the comparison
// understands in full.
//
//go:embed testdata/typical.asl.json
var typical string

// options are those that a user gives for a machine whose place is known.
var options = roles.Options{
	Name: "Orders", Account: "123456789012", Region: "eu-west-1",
}

// generateRole goes from the text of a definition to its role.
func generateRole(text string, style roles.Style) (*roles.Role, error) {
	machine, findings := asl.Parse(source.NewFile("machine.asl.json", text), asl.Options{})
	if findings.HasErrors() {
		return nil, fmt.Errorf("parsing: %v", findings)
	}
	opts := options
	opts.Style = style
	role, findings := roles.Generate(machine, opts)
	if role == nil {
		return nil, fmt.Errorf("generating: %v", findings)
	}
	return role, nil
}

// work is what a benchmark repeats. It fails when the answer is wrong: how long
// a wrong answer takes is of no interest.
type work func() error

func generating(text string, style roles.Style) work {
	return func() error {
		_, err := generateRole(text, style)
		return err
	}
}

// printing is generating and then writing the documents of the role as JSON.
func printing(text string, style roles.Style) work {
	return func() error {
		role, err := generateRole(text, style)
		if err != nil {
			return err
		}
		_, err = json.Marshal(role)
		return err
	}
}

// A resource shape says which resources the states of a large machine name.
type resourceShape string

const (
	// shared: the states take turns with twenty functions, queues, topics and
	// tables, as people write large machines.
	shared resourceShape = "shared"
	// distinct: each state names a resource of its own.
	distinct resourceShape = "distinct"
	// dynamic: half of the states take a topic from their input, the others name
	// one, which those of the first half cover.
	dynamic resourceShape = "dynamic"
)

var (
	shapes = []resourceShape{shared, distinct, dynamic}
	sizes  = []int{10, 100, 1000, 10000}
)

// tasks are the calls that the states of a large machine make in turn; %d is
// the number of the resource.
var tasks = []string{
	`"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "function-%d", "Payload.$": "$"}`,
	`"Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/queue-%d", "MessageBody.$": "$"}`,
	`"Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:topic-%d", "Message.$": "$"}`,
	`"Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": {"TableName": "table-%d", "Item.$": "$.item"}`,
}

const (
	dynamicTask = `"Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn.$": "States.Format('arn:aws:sns:eu-west-1:123456789012:topic-{}', $.topic)", "Message.$": "$"}`
	topicTask   = `"Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:topic-%d", "Message.$": "$"}`
)

// machine writes a definition with n Task states, one after the other.
func machine(n int, shape resourceShape) string {
	var b strings.Builder
	b.WriteString(`{"StartAt": "S0", "States": {`)
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		next := fmt.Sprintf(`"Next": "S%d"`, i+1)
		if i == n-1 {
			next = `"End": true`
		}
		fmt.Fprintf(&b, "\n"+`"S%d": {"Type": "Task", %s, %s}`, i, task(i, shape), next)
	}
	b.WriteString("\n}}\n")
	return b.String()
}

func task(i int, shape resourceShape) string {
	switch {
	case shape == dynamic && i%2 == 0:
		return dynamicTask
	case shape == dynamic:
		return fmt.Sprintf(topicTask, i)
	case shape == distinct:
		return fmt.Sprintf(tasks[i%len(tasks)], i)
	}
	return fmt.Sprintf(tasks[i%len(tasks)], i%20)
}

// A matchCase is a pattern and a text that make simple matchers slow.
type matchCase struct {
	name    string
	pattern string
	text    func(n int) string // of about n bytes
	matches bool
}

var matchCases = []matchCase{
	{"a prefix and a star", "arn:aws:s3:::bucket/*",
		func(n int) string { return "arn:aws:s3:::bucket/" + strings.Repeat("k", n) }, true},
	{"sixteen stars, no match", strings.Repeat("a*", 16) + "b*",
		func(n int) string { return strings.Repeat("a", n) }, false},
	{"a long block that almost matches everywhere", "*" + strings.Repeat("a", 512) + "b*",
		func(n int) string { return strings.Repeat("a", n) }, false},
	{"a block of question marks", "*a" + strings.Repeat("?", 256) + "b*",
		func(n int) string { return strings.Repeat("a", n) }, false},
	{"blocks that overlap themselves", "*" + strings.Repeat("abab?abc*", 8),
		func(n int) string { return strings.Repeat("ab", n/2) }, false},
}

var errWrongAnswer = errors.New("wrong answer")

func (c matchCase) matching(n int) work {
	text := c.text(n)
	return func() error {
		if pattern.Match(c.pattern, text) != c.matches {
			return errWrongAnswer
		}
		return nil
	}
}

// asRegexp is the same question to a compiled regular expression of the
// standard library, which takes linear time in the text as well.
func (c matchCase) asRegexp(n int) work {
	text := c.text(n)
	quoted := regexp.QuoteMeta(c.pattern)
	re := regexp.MustCompile(`\A(?s:` + strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(quoted) + `)\z`)
	return func() error {
		if re.MatchString(text) != c.matches {
			return errWrongAnswer
		}
		return nil
	}
}
