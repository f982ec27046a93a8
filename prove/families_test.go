package prove_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// A family makes pairs of policies of a size. What is asked about them has a
// known answer, or may be undecided where the theory gives no better.
type family struct {
	name      string
	sizes     []int // the last is for benchmarks only
	make      func(n int) (a, b *policy.Document)
	want      prove.Verdict
	undecided bool // may be, for the larger sizes
}

func doc(statements ...policy.Statement) *policy.Document {
	return &policy.Document{Version: policy.Version2012, Statements: statements}
}

func allow(actions, resources []string, condition *policy.Condition) policy.Statement {
	return policy.Statement{Effect: policy.Allow, Action: policy.Strings(actions...), Resource: policy.Strings(resources...), Condition: condition}
}

func denied(s policy.Statement) policy.Statement {
	s.Effect = policy.Deny
	return s
}

func many(n int, f func(i int) string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

var getObject = []string{"s3:GetObject"}

var families = []family{
	{"inner stars", []int{2, 4, 8, 16, 32}, func(n int) (a, b *policy.Document) {
		// Each *x* is in the one pattern, in order; the others ask for neighbours.
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("k%d", i))
		}
		return doc(allow(getObject, []string{"arn:aws:s3:::*" + strings.Join(all, "*") + "*"}, nil)),
			doc(allow(getObject, many(n-1, func(i int) string { return "arn:aws:s3:::*" + all[i] + "*" + all[i+1] + "*" }), nil))
	}, prove.Proved, false},
	{"inner stars against each other", []int{2, 4, 8, 16}, func(n int) (a, b *policy.Document) {
		var statements []policy.Statement
		for i := range n {
			statements = append(statements, denied(allow(getObject, []string{fmt.Sprintf("arn:aws:s3:::*%c*%c*", 'a'+i, 'a'+(i+1)%n)}, nil)))
		}
		everything := allow(getObject, []string{"arn:aws:s3:::*" + strings.Join(many(n, func(i int) string { return string(rune('a' + i)) }), "*") + "*"}, nil)
		return doc(everything), doc(append(statements, everything)...)
	}, prove.Refuted, true},
	{"subsequences", []int{4, 8, 12, 16}, func(n int) (a, b *policy.Document) {
		// A word that holds n letters in one order and in the other, and none of
		// many other subsequences.
		letters := many(n, func(i int) string { return string(rune('a' + i)) })
		forth := "*" + strings.Join(letters, "*") + "*"
		slices.Reverse(letters)
		back := "*" + strings.Join(letters, "*") + "*"
		where := policy.Where("StringLike", "k:x", forth).And("StringLikeIfExists", "k:x", back)
		where.And("StringNotLike", "k:x", many(n, func(i int) string { return fmt.Sprintf("*%c*%c*%c*%c*", 'a'+i, 'a'+(i+2)%n, 'a'+i, 'a'+(i+3)%n) })...)
		return doc(allow(getObject, []string{"*"}, where)), doc(allow(getObject, []string{"*"}, policy.Where("StringEquals", "k:x", "abc")))
	}, prove.Refuted, true},
	{"statements", []int{10, 100, 1000}, func(n int) (a, b *policy.Document) {
		var x, y []policy.Statement
		for i := range n {
			s := allow([]string{fmt.Sprintf("s3:Action%d", i)}, []string{fmt.Sprintf("arn:aws:s3:::bucket-%d/*", i)}, policy.Where("StringEquals", "aws:PrincipalTag/team", fmt.Sprint(i)))
			x, y = append(x, s), append(y, s)
			y[i].Resource = policy.Strings("arn:aws:s3:::bucket-*")
		}
		slices.Reverse(y)
		return doc(x...), doc(y...)
	}, prove.Proved, false},
	{"statements about one action", []int{10, 100, 1000}, func(n int) (a, b *policy.Document) {
		var x, y []policy.Statement
		for i := range n {
			s := allow(getObject, []string{fmt.Sprintf("arn:aws:s3:::bucket-%d/a/*", i)}, policy.Where("StringEquals", "aws:PrincipalTag/team", fmt.Sprint(i)))
			x, y = append(x, s), append(y, s)
			y[i].Resource = policy.Strings(fmt.Sprintf("arn:aws:s3:::bucket-%d/*", i))
		}
		slices.Reverse(y)
		return doc(x...), doc(y...)
	}, prove.Proved, false},
	{"condition keys", []int{10, 50, 200}, func(n int) (a, b *policy.Document) {
		narrow, wide := &policy.Condition{}, &policy.Condition{}
		for i := range n {
			narrow.And("StringEquals", fmt.Sprintf("aws:PrincipalTag/k%d", i), "abc")
			wide.And("StringLike", fmt.Sprintf("aws:PrincipalTag/k%d", i), "a*")
		}
		return doc(allow(getObject, []string{"*"}, narrow)), doc(allow(getObject, []string{"*"}, wide))
	}, prove.Proved, false},
	{"condition keys in statements", []int{10, 50, 200}, func(n int) (a, b *policy.Document) {
		var x, y []policy.Statement
		for i := range n {
			x = append(x, allow(getObject, []string{"*"}, policy.Where("StringEquals", fmt.Sprintf("aws:PrincipalTag/k%d", i), "abc")))
			y = append(y, allow(getObject, []string{"*"}, policy.Where("StringLike", fmt.Sprintf("aws:PrincipalTag/k%d", i), "a*")))
		}
		return doc(x...), doc(y...)
	}, prove.Proved, false},
	{"nests of exclusions", []int{4, 16, 64}, func(n int) (a, b *policy.Document) {
		// Deny outside of ever smaller prefixes: what is left is the smallest.
		x := []policy.Statement{{Effect: policy.Allow, NotAction: policy.Strings("iam:*"), Resource: policy.Strings("*")}}
		prefix := "arn:aws:s3:::"
		for i := range n {
			prefix += fmt.Sprintf("d%d/", i)
			x = append(x, policy.Statement{Effect: policy.Deny, NotAction: policy.Strings(fmt.Sprintf("s3:Get%s*", strings.Repeat("x", i))), Resource: policy.Strings("*")},
				policy.Statement{Effect: policy.Deny, Action: policy.Strings("*"), NotResource: policy.Strings(prefix + "*")})
		}
		return doc(x...), doc(allow([]string{"s3:Get" + strings.Repeat("x", n-1) + "*"}, []string{prefix + "*"}, nil))
	}, prove.Proved, false},
	{"long lists", []int{100, 1000, 10000}, func(n int) (a, b *policy.Document) {
		values := many(n, func(i int) string { return fmt.Sprintf("value-%d", i) })
		resources := many(n, func(i int) string { return fmt.Sprintf("arn:aws:s3:::bucket-%d/*", i) })
		more := append(slices.Clone(values), "one more")
		slices.Reverse(more)
		wider := append(slices.Clone(resources), "arn:aws:s3:::other/*")
		slices.Reverse(wider)
		return doc(allow(getObject, resources, policy.Where("StringEquals", "aws:PrincipalTag/team", values...))),
			doc(allow(getObject, wider, policy.Where("StringEquals", "aws:PrincipalTag/team", more...)))
	}, prove.Proved, false},
	{"long lists that differ", []int{100, 1000, 10000}, func(n int) (a, b *policy.Document) {
		values := many(n, func(i int) string { return fmt.Sprintf("value-%d", i) })
		return doc(allow(getObject, []string{"*"}, policy.Where("StringEquals", "aws:PrincipalTag/team", values...))),
			doc(allow(getObject, []string{"*"}, policy.Where("StringEquals", "aws:PrincipalTag/team", values[:n-1]...)))
	}, prove.Refuted, false},
	{"long lists of actions", []int{100, 1000, 10000}, func(n int) (a, b *policy.Document) {
		actions := many(n, func(i int) string { return fmt.Sprintf("svc%d:Action%d", i%50, i) })
		return doc(allow(actions, []string{"*"}, nil)), doc(allow(append(actions[1:len(actions):len(actions)], "svc0:*"), []string{"*"}, nil))
	}, prove.Proved, false},
	{"networks", []int{10, 100, 1000}, func(n int) (a, b *policy.Document) {
		halves := many(2*n, func(i int) string { return fmt.Sprintf("10.%d.%d.%d/25", i/2/250, i/2%250, i%2*128) })
		whole := many(n, func(i int) string { return fmt.Sprintf("10.%d.%d.0/24", i/250, i%250) })
		return doc(allow(getObject, []string{"*"}, policy.Where("IpAddress", "aws:SourceIp", whole...))),
			doc(allow(getObject, []string{"*"}, policy.Where("IpAddress", "aws:SourceIp", halves...)))
	}, prove.Proved, false},
	{"set operators", []int{4, 16, 64}, func(n int) (a, b *policy.Document) {
		c := &policy.Condition{}
		c.And("ForAllValues:StringLike", "aws:TagKeys", "t*")
		var any []policy.Statement
		for i := range n {
			any = append(any, denied(allow(getObject, []string{"*"}, policy.Where("ForAnyValue:StringLike", "aws:TagKeys", fmt.Sprintf("t%d*", i)))))
		}
		open := allow(getObject, []string{"*"}, c)
		return doc(append(any, open)...), doc(open)
	}, prove.Proved, false},
	{"variables", []int{1, 4, 16}, func(n int) (a, b *policy.Document) {
		var x, y []policy.Statement
		for i := range n {
			x = append(x, allow(getObject, []string{fmt.Sprintf("arn:aws:s3:::home-%d/${aws:username}/docs/*", i)}, nil))
			y = append(y, allow(getObject, []string{fmt.Sprintf("arn:aws:s3:::home-%d/${aws:username}/*", i)}, nil))
		}
		return doc(x...), doc(y...)
	}, prove.Proved, false},
}

// TestFamilies: the answers are right whatever the size, or undecided where that
// is expected. Times are shown, not asserted.
func TestFamilies(t *testing.T) {
	for _, f := range families {
		t.Run(strings.ReplaceAll(f.name, " ", "-"), func(t *testing.T) {
			sizes := f.sizes
			if testing.Short() || raceEnabled {
				sizes = sizes[:len(sizes)-1]
			}
			for _, n := range sizes {
				a, b := f.make(n)
				start := time.Now()
				result, err := prove.Compare(t.Context(), prove.Identity(a), prove.Identity(b), prove.Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%d: %v in %v %s", n, result.Verdict, time.Since(start).Round(10*time.Microsecond), result.Reason)
				if result.Verdict != f.want && !(f.undecided && result.Verdict == prove.Undecided) {
					t.Errorf("%d: %v (%s), want %v", n, result.Verdict, result.Reason, f.want)
				}
			}
		})
	}
}

func BenchmarkFamilies(b *testing.B) {
	for _, f := range families {
		for _, n := range f.sizes {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(f.name, " ", "-"), n), func(b *testing.B) {
				x, y := f.make(n)
				for b.Loop() {
					if _, err := prove.Compare(context.Background(), prove.Identity(x), prove.Identity(y), prove.Options{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
