package arn

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in   string
		want ARN
		err  error
	}{
		{"arn:aws:iam::123456789012:role/a/b", ARN{"aws", "iam", "", "123456789012", "role/a/b"}, nil},
		{"arn:aws:s3:::bucket/key", ARN{"aws", "s3", "", "", "bucket/key"}, nil},
		{"arn:aws-cn:logs:cn-north-1:123456789012:log-group:a:*", ARN{"aws-cn", "logs", "cn-north-1", "123456789012", "log-group:a:*"}, nil},
		{"arn:::::", ARN{}, nil},
		{"arn:aws:s3:::", ARN{Partition: "aws", Service: "s3"}, nil},
		{"arn:*:s3:::*", ARN{Partition: "*", Service: "s3", Resource: "*"}, nil},
		{"arn:aws:s3::bucket", ARN{}, ErrComponents},
		{"arn:", ARN{}, ErrComponents},
		{"arn", ARN{}, ErrPrefix},
		{"", ARN{}, ErrPrefix},
		{"*", ARN{}, ErrPrefix},
		{"ARN:aws:s3:::b", ARN{}, ErrPrefix},
		{"xarn:aws:s3:::b", ARN{}, ErrPrefix},
	}
	for _, tt := range tests {
		got, err := Parse(tt.in)
		if !errors.Is(err, tt.err) || !cmp.Equal(got, tt.want) {
			t.Errorf("Parse(%q) = %+v, %v, want %+v, %v", tt.in, got, err, tt.want, tt.err)
		}
		if err == nil && got.String() != tt.in {
			t.Errorf("Parse(%q).String() = %q", tt.in, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Parse("arn:aws:iam::123456789012:role/a") }); n != 0 {
		t.Errorf("Parse makes %v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:iam::123456789012:role/a")
	f.Add("arn:::::a:b")
	f.Add("arn::::")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		want := strings.HasPrefix(s, "arn:") && strings.Count(s, ":") >= 5
		if (err == nil) != want {
			t.Fatalf("Parse(%q): %v", s, err)
		}
		if err == nil && a.String() != s {
			t.Fatalf("Parse(%q) = %+v, which prints as %q", s, a, a)
		}
	})
}

func TestPartitionOf(t *testing.T) {
	tests := []struct{ region, want string }{
		{"us-east-1", "aws"},
		{"ap-southeast-5", "aws"},
		{"mx-central-1", "aws"},
		{"cn-northwest-1", "aws-cn"},
		{"us-gov-east-1", "aws-us-gov"},
		{"us-iso-west-1", "aws-iso"},
		{"us-isob-east-1", "aws-iso-b"},
		{"eu-isoe-west-1", "aws-iso-e"},
		{"us-isof-south-1", "aws-iso-f"},
		{"eusc-de-east-1", "aws-eusc"},
		{"", ""},
		{"*", ""},
		{"aws-global", ""},
	}
	for _, tt := range tests {
		got, ok := PartitionOf(tt.region)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("PartitionOf(%q) = %q, %v, want %q", tt.region, got, ok, tt.want)
		}
		if ok && !ValidPartition(got) {
			t.Errorf("ValidPartition(%q) = false", got)
		}
	}
	for _, s := range []string{"", "AWS", "aws-", "aws-xx", "*"} {
		if ValidPartition(s) {
			t.Errorf("ValidPartition(%q) = true", s)
		}
	}
}

func TestDomains(t *testing.T) {
	for partition, want := range map[string]string{"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu", "": "", "aws-xx": ""} {
		if got := DomainOf(partition); got != want {
			t.Errorf("DomainOf(%q) = %q, want %q", partition, got, want)
		}
	}
	all := Domains()
	for _, p := range partitions {
		if i := slices.Index(all, p.domain); i < 0 || slices.Contains(all[i+1:], p.domain) {
			t.Errorf("%q stands in %q not once", p.domain, all)
		}
	}
}

func TestValidRegion(t *testing.T) {
	for _, s := range []string{"us-east-1", "eu-central-12", "us-gov-west-1", "eusc-de-east-1"} {
		if !ValidRegion(s) {
			t.Errorf("ValidRegion(%q) = false", s)
		}
	}
	for _, s := range []string{
		"", "-", "1", "us", "us-1", "us-east", "us-east-", "us-east-1a", "us-east-1-bos-1", "US-EAST-1",
		"us--east-1", "-us-east-1", "us-east-*", "us-e?st-1", "us-east-100", "us-east-1 ", "a-b-1", "us-gov-very-west-1",
	} {
		if ValidRegion(s) {
			t.Errorf("ValidRegion(%q) = true", s)
		}
	}
}

func TestValidAccount(t *testing.T) {
	for s, want := range map[string]bool{
		"123456789012": true, "000000000000": true,
		"": false, "12345678901": false, "1234567890123": false, "12345678901x": false, "aws": false,
		"１２３４": false,
	} {
		if got := ValidAccount(s); got != want {
			t.Errorf("ValidAccount(%q) = %v", s, got)
		}
	}
}
