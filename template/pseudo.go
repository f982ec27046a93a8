package template

import (
	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// setPseudo notes the pseudo parameters that options tell. Source:
// CloudFormation user guide, "Pseudo parameters reference".
func (s *stack) setPseudo(opts Options) {
	partition := opts.Partition
	if partition == "" {
		partition, _ = arn.PartitionOf(opts.Region)
	}
	for name, value := range map[string]string{
		"AWS::Partition": partition, "AWS::URLSuffix": arn.DomainOf(partition),
		"AWS::Region": opts.Region, "AWS::AccountId": opts.Account, "AWS::StackName": opts.StackName,
	} {
		if value != "" {
			s.pseudo[name] = value
		}
	}
}

// pseudoParameters are those that are one text. Those that differ from stack to
// stack are marked.
var pseudoParameters = map[string]bool{
	"AWS::AccountId": false, "AWS::Partition": false, "AWS::Region": false, "AWS::URLSuffix": false, "AWS::StackName": true,
}

// pseudoParameter returns the value of a pseudo parameter; false where there is
// none of that name. AWS::NoValue is no value at all.
func (s *stack) pseudoParameter(name string, span source.Span) (jsontree.Value, bool) {
	switch name {
	case "AWS::NoValue":
		return jsontree.Value{}, true
	case "AWS::StackId":
		return str(s.expand("arn:${Partition}:cloudformation:${Region}:${Account}:stack/", nil)+s.pseudoText("AWS::StackName")+"/"+
			s.hole(Hole{Name: "AWS::StackId", Why: "id of the stack"}), span), true
	case "AWS::NotificationARNs":
		return str(s.hole(Hole{Name: name, Why: "pseudo parameter"}), span), true
	}
	if _, ok := pseudoParameters[name]; !ok {
		return jsontree.Value{}, false
	}
	return str(s.pseudoText(name), span), true
}

// accountPattern matches the ids of accounts.
const accountPattern = "????????????"

func (s *stack) pseudoText(name string) string {
	if text, known := s.pseudo[name]; known {
		return text
	}
	h := Hole{Name: name, Why: "pseudo parameter", plain: true}
	if pseudoParameters[name] {
		return s.hole(h)
	}
	if name == "AWS::AccountId" {
		h.Pattern = accountPattern
	}
	return s.session.hole(h)
}
