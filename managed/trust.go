package managed

import (
	"fmt"
	"strings"
	"sync"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/policy"
)

// TrustRole is a role of Amazon ECS, with who assumes it.
type TrustRole struct {
	Name      string   // "execution"
	UsualName string   // as consoles call it: "ecsTaskExecutionRole"; often ""
	Service   string   // principal that assumes it: "ecs-tasks.amazonaws.com"; see ServiceIn
	Policies  []string // managed policies that are made for it
	SourceARN string   // value of aws:SourceArn that the service sends, with {partition}, {region} and {account}; "" where it sends none
	Note      string
	Source    string

	elsewhere []string // PARTITION=PRINCIPAL where it is not Service
}

// ServiceIn returns the principal that assumes the role in a partition.
func (r *TrustRole) ServiceIn(partition string) string {
	for _, pair := range r.elsewhere {
		if principal, ok := strings.CutPrefix(pair, partition+"="); ok {
			return principal
		}
	}
	return r.Service
}

// ServiceLinked reports whether AWS makes the role, so that nobody writes its
// trust policy.
func (r *TrustRole) ServiceLinked() bool { return strings.HasPrefix(r.Name, "service-linked") }

// TrustRoles returns the roles of Amazon ECS. The caller must not change the slice.
func TrustRoles() []TrustRole { return trustRoles() }

var trustRoles = sync.OnceValue(func() []TrustRole {
	rows, err := decodeRoles(newReader("roles.txt"))
	if err != nil {
		panic(err) // a file that is part of the program, which the tests read
	}
	return rows
})

func decodeRoles(r *reader) ([]TrustRole, error) {
	var rows []TrustRole
	for f := r.next(); f != nil; f = r.next() {
		if f[0] != "role" {
			r.fail("%q is no kind of line", f[0])
		}
		f = r.need(f, 7, 7)
		principals := strings.Fields(f[2])
		if len(principals) == 0 {
			r.fail("%s names no principal", f[0])
			break
		}
		rows = append(rows, TrustRole{f[0], f[1], principals[0], strings.Fields(f[3]), f[4], f[5], f[6], principals[1:]})
	}
	return rows, r.err
}

// FindTrustRole returns the role of a name or usual name, without regard to
// letter case. The error is an UnknownError.
func FindTrustRole(name string) (*TrustRole, error) {
	var known []string
	for i, r := range TrustRoles() {
		known = append(known, r.Name)
		if strings.EqualFold(name, r.Name) || name != "" && strings.EqualFold(name, r.UsualName) {
			return &TrustRoles()[i], nil
		}
	}
	err := unknown("role of ECS", name, name, known)
	err.Known = known
	return nil, err
}

// Place says where a role is used. Empty fields are not known.
type Place struct{ Partition, Region, Account string }

// Check returns an error for a field that cannot be meant.
func (p Place) Check() error {
	switch {
	case p.Account != "" && !arn.ValidAccount(p.Account):
		return fmt.Errorf("account %q is not 12 digits", p.Account)
	case p.Region != "" && !arn.ValidRegion(p.Region):
		return fmt.Errorf("%q is not the name of a Region", p.Region)
	case p.Partition != "" && !arn.ValidPartition(p.Partition):
		return fmt.Errorf("%q is not a partition", p.Partition)
	}
	return nil
}

// InPartition returns the partition that is said, else that of the Region, else aws.
func (p Place) InPartition() string {
	if p.Partition != "" {
		return p.Partition
	}
	if of, ok := arn.PartitionOf(p.Region); ok {
		return of
	}
	return "aws"
}

// Fill writes a place into a text with {partition}, {region} and {account};
// what is not known becomes *.
func (p Place) Fill(text string) string {
	star := func(s string) string {
		if s == "" {
			return "*"
		}
		return s
	}
	return strings.NewReplacer("{partition}", p.InPartition(), "{region}", star(p.Region), "{account}", star(p.Account)).Replace(text)
}

// Trust returns the trust policy of the role, guarded against the confused
// deputy where the service sends on whose behalf it comes and the account is
// known. Guarded says whether it is.
func (r *TrustRole) Trust(at Place) (doc *policy.Document, guarded bool) {
	s := policy.Statement{
		Effect:    policy.Allow,
		Principal: policy.PrincipalOf(policy.PrincipalService, r.ServiceIn(at.InPartition())),
		Action:    policy.String("sts:AssumeRole"),
	}
	if r.SourceARN != "" && at.Account != "" {
		s.Condition = policy.Where("ArnLike", "aws:SourceArn", at.Fill(r.SourceARN)).And("StringEquals", "aws:SourceAccount", at.Account)
		guarded = true
	}
	return &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{s}}, guarded
}
