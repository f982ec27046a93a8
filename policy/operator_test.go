package policy

import (
	"errors"
	"strings"
	"testing"
)

func TestParseOperator(t *testing.T) {
	tests := []struct {
		text       string
		name       string
		quantifier Quantifier
		ifExists   bool
	}{
		{"StringEquals", "StringEquals", SingleValue, false},
		{"StringEqualsIfExists", "StringEquals", SingleValue, true},
		{"StringEqualsIgnoreCase", "StringEqualsIgnoreCase", SingleValue, false},
		{"ForAllValues:StringNotLike", "StringNotLike", ForAllValues, false},
		{"ForAnyValue:ArnLikeIfExists", "ArnLike", ForAnyValue, true},
		{"Null", "Null", SingleValue, false},
		{"ForAllValues:Null", "Null", ForAllValues, false},
		{"foranyvalue:STRINGLIKEifexists", "StringLike", ForAnyValue, true},
		{"ipaddress", "IpAddress", SingleValue, false},
	}
	for _, tt := range tests {
		op, err := ParseOperator(tt.text)
		if err != nil || op.Name != tt.name || op.Quantifier != tt.quantifier || op.IfExists != tt.ifExists {
			t.Errorf("ParseOperator(%q) = %+v, %v; want %+v", tt.text, op, err, tt)
		}
		if !strings.EqualFold(op.String(), tt.text) {
			t.Errorf("%q prints as %q", tt.text, op)
		}
	}
	for _, text := range []string{
		"", "IfExists", "ForAllValues:", "ForAllValues:IfExists", "StringEqual", "StringEquals ", "StringEqualsIfExistsIfExists",
		"ForAllValues:ForAnyValue:StringEquals", "ForAnyValues:StringEquals", "StringEqualsIfExist", "BinaryNotEquals",
	} {
		if op, err := ParseOperator(text); !errors.Is(err, ErrUnknownOperator) {
			t.Errorf("ParseOperator(%q) = %+v, %v", text, op, err)
		}
	}
	for _, text := range []string{"NullIfExists", "ForAnyValue:NullIfExists", "nullifexists"} {
		if op, err := ParseOperator(text); !errors.Is(err, ErrNullIfExists) {
			t.Errorf("ParseOperator(%q) = %+v, %v", text, op, err)
		}
	}
}

// TestOperatorTable derives the properties of each operator from its name, so
// that a slip in the table shows.
func TestOperatorTable(t *testing.T) {
	families := []struct {
		part   string
		family Family
	}{
		{"Ip", FamilyIP}, {"String", FamilyString}, {"Numeric", FamilyNumeric}, {"Date", FamilyDate},
		{"Bool", FamilyBool}, {"Binary", FamilyBinary}, {"Arn", FamilyARN}, {"Null", FamilyNull},
	}
	orders := []struct {
		suffix string
		order  Order
	}{
		{"LessThan", Less}, {"LessThanEquals", LessOrEqual}, {"GreaterThan", Greater}, {"GreaterThanEquals", GreaterOrEqual}, {"", Equal},
	}
	all := Operators()
	if len(all) != 27 {
		t.Errorf("there are %d operators, want 27", len(all))
	}
	seen := map[string]bool{}
	for _, op := range all {
		if seen[op.Name] {
			t.Errorf("%s is listed twice", op.Name)
		}
		seen[op.Name] = true
		var want BaseOperator
		want.Name = op.Name
		for _, f := range families {
			if strings.Contains(op.Name, f.part) {
				want.Family = f.family
				break
			}
		}
		for _, o := range orders {
			if strings.HasSuffix(op.Name, o.suffix) {
				want.Order = o.order
				break
			}
		}
		want.Negated = strings.Contains(op.Name, "Not")
		want.Fold = strings.HasSuffix(op.Name, "IgnoreCase")
		want.Like = strings.HasSuffix(op.Name, "Like") || want.Family == FamilyARN
		if op != want {
			t.Errorf("got %+v, want %+v", op, want)
		}
		if got, wantVariables := op.HasVariables(), want.Family == FamilyString || want.Family == FamilyARN; got != wantVariables {
			t.Errorf("%s.HasVariables() = %v", op.Name, got)
		}
	}
}
