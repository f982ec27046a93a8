// Package render writes roles as the resources of CloudFormation, SAM and
// Terraform, and puts them into the templates that their state machines stand
// in. What is known at deployment only, a hole in the texts of a role, is a
// reference there: !GetAtt Queue.Arn, ${AWS::AccountId}, aws_sqs_queue.parcels.arn.
package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/template"
)

// Format is a language of templates.
type Format string

// The formats.
const (
	CloudFormation Format = "cfn"
	SAM            Format = "sam" // the properties of an AWS::Serverless::StateMachine
	Terraform      Format = "hcl"
)

// Formats lists them.
func Formats() []Format { return []Format{CloudFormation, SAM, Terraform} }

// Resource is what to write: a role, or a policy for somebody else.
type Resource struct {
	Role   *roles.Role
	Policy *roles.Access // instead of Role

	// Template and Machine say where the state machine stands, whose resources
	// and parameters are referred to; nil for one that stands alone.
	Template *template.Template
	Machine  *template.Machine
}

// name is what the resource would like to be called.
func (r *Resource) name() string {
	if r.Policy != nil {
		return withoutHoles(r.Policy.Name)
	}
	return r.Role.Name
}

// Write prints resources as one template; nothing where there are none. What
// the format has no reference for (see Resource.Unnamed) must not be in them.
func Write(w io.Writer, f Format, list []Resource) error {
	if len(list) == 0 {
		return nil
	}
	var out []byte
	var err error
	switch f {
	case CloudFormation:
		out, err = cloudFormation(list)
	case SAM:
		out, err = sam(list)
	case Terraform:
		out, err = terraform(list)
	default:
		err = fmt.Errorf("unknown format %q", f)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

// UniqueName makes an identifier of ASCII letters and digits (and the characters
// in extra) that is not in used, and adds it there. It begins with a letter or '_'.
func UniqueName(name, extra string, used map[string]bool) string {
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(extra, r) {
			return r
		}
		return -1
	}, name)
	if id == "" || strings.IndexByte("0123456789-", id[0]) >= 0 {
		id = "Role" + id
	}
	unique := id
	for i := 2; used[unique]; i++ {
		unique = id + strconv.Itoa(i)
	}
	used[unique] = true
	return unique
}
