package managed

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/writ-iam/writ/source"
)

const readOnly = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}`

func imported(t *testing.T, text string, hint Hint) *Catalogue {
	t.Helper()
	c, findings := Import(source.NewFile("f.json", text), hint)
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	return c
}

func TestImport(t *testing.T) {
	details := `{"UserDetailList": [], "Policies": [
		{"PolicyName": "S3Read", "Arn": "arn:aws:iam::aws:policy/service-role/S3Read", "DefaultVersionId": "v2", "CreateDate": "2020-01-02T03:04:05Z",
		 "PolicyVersionList": [{"VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "2021-01-02T03:04:05Z", "Document": ` + readOnly + `}]},
		{"PolicyName": "Mine", "Arn": "arn:aws:iam::123456789012:policy/Mine", "DefaultVersionId": "v1",
		 "PolicyVersionList": [{"VersionId": "v1", "Document": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3AGet%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"}]}]}`
	version := `{"PolicyVersion": {"VersionId": "v2", "IsDefaultVersion": true, "Document": ` + readOnly + `}}`
	for _, c := range []struct {
		name, text string
		hint       Hint
		want       string
	}{
		{"details", details, Hint{}, "S3Read v2 default 2021-01-02 arn:aws:iam::aws:policy/service-role/S3Read"},
		{"details, own policy", details, Hint{}, "Mine v1 default  arn:aws:iam::123456789012:policy/Mine"},
		{"version", version, Hint{ARN: "arn:aws:iam::aws:policy/service-role/S3Read"}, "S3Read v2 default  arn:aws:iam::aws:policy/service-role/S3Read"},
		{"document", readOnly, Hint{Name: "S3Read", Version: "v3"}, "S3Read v3   "},
		{"document without version", readOnly, Hint{Name: "S3Read"}, "S3Read local-1   "},
	} {
		found := false
		var have []string
		for _, p := range imported(t, c.text, c.hint).Policies() {
			for _, v := range p.Versions {
				def := ""
				if v.Default {
					def = "default"
				}
				line := fmt.Sprintf("%s %s %s %s %s", p.Name, v.ID, def, v.Date, p.ARN(""))
				have = append(have, line)
				found = found || line == c.want
			}
		}
		if !found {
			t.Errorf("%s: want %q, got %q", c.name, c.want, have)
		}
	}
}

func TestImportRefuses(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	for _, c := range []struct {
		name, text string
		hint       Hint
		code       string
	}{
		{"cut short", `{"Policies": [`, Hint{}, "MALFORMED_JSON"},
		{"deep", deep, Hint{}, "MALFORMED_JSON"},
		{"key twice", `{"Policies": [], "Policies": []}`, Hint{}, "DUPLICATE_KEY"},
		{"something else", `{"Users": []}`, Hint{}, "NOT_MANAGED_POLICIES"},
		{"an array", `[]`, Hint{}, "NOT_MANAGED_POLICIES"},
		{"no name", readOnly, Hint{}, "MISSING_FIELD"},
		{"a path for a name", readOnly, Hint{Name: "../../etc/passwd"}, "BAD_FIELD_VALUE"},
		{"no version", readOnly, Hint{Name: "A", Version: "latest"}, "BAD_FIELD_VALUE"},
		{"no ARN", readOnly, Hint{ARN: "arn:aws:iam::aws:role/A"}, "BAD_FIELD_VALUE"},
		{"ARN of another", readOnly, Hint{Name: "B", ARN: "arn:aws:iam::aws:policy/A"}, "BAD_FIELD_VALUE"},
		{"no policy", `{"Statement": [{"Effect": "Perhaps"}]}`, Hint{Name: "A"}, "INVALID_EFFECT"},
		{"a number", `{"Policies": [7]}`, Hint{}, "BAD_FIELD_TYPE"},
		{"versions", `{"Policies": [{"PolicyName": "A", "PolicyVersionList": {}}]}`, Hint{}, "BAD_FIELD_TYPE"},
		{"no document", `{"Policies": [{"PolicyName": "A", "PolicyVersionList": [{"VersionId": "v1"}]}]}`, Hint{}, "MISSING_FIELD"},
		{"bad escape", `{"PolicyVersion": {"VersionId": "v1", "Document": "%zz"}}`, Hint{Name: "A"}, "BAD_POLICY_ENCODING"},
		{"two texts", `{"Policies": [{"PolicyName": "A", "PolicyVersionList": [{"VersionId": "v1", "Document": ` + readOnly + `}, {"VersionId": "v1", "Document": ` +
			strings.Replace(readOnly, "s3", "ec2", 1) + `}]}]}`, Hint{}, "VERSION_CONFLICT"},
		{"too many", `{"Policies": [` + strings.Repeat("{},", maxPolicies) + `{}]}`, Hint{}, "BAD_FIELD_VALUE"},
	} {
		got, findings := Import(source.NewFile("f.json", c.text), c.hint)
		if got != nil || !strings.Contains(strings.Join(codes(findings), " "), c.code) {
			t.Errorf("%s: %v", c.name, codes(findings))
		}
	}
}

// A text fills in what the program does not know, an old file does not bring
// back an old default, and what is written is read back.
func TestCatalogueGrows(t *testing.T) {
	version := func(id, text string) string {
		return `{"PolicyVersion": {"VersionId": "` + id + `", "IsDefaultVersion": true, "CreateDate": "2027-01-01T00:00:00Z", "Document": ` + text + `}}`
	}
	hint := Hint{ARN: "arn:aws:iam::aws:policy/AmazonECS_FullAccess"}
	c := Default()
	for _, id := range []string{"v21", "v22", "v20"} {
		var err error
		if c, err = c.With(imported(t, version(id, readOnly), hint)); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := c.Policy("AmazonECS_FullAccess")
	v21, _ := p.Version("v21")
	def, _ := p.Version("")
	if v21.DeltaOnly() || len(v21.Changes) != 1 || def.ID != "v22" || p.Newest().ID != "v22" || len(p.Features) == 0 {
		t.Errorf("v21 %+v, default %s", v21, def.ID)
	}
	if old, _ := Default().Policy("AmazonECS_FullAccess"); len(old.Versions) != 7 || !old.Versions[6].DeltaOnly() {
		t.Error("the catalogue of the program was changed")
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Default().With(imported(t, string(data), Hint{}))
	if err != nil {
		t.Fatal(err)
	}
	if twice, _ := json.Marshal(again); string(twice) != string(data) {
		t.Errorf("written\n%s\nread back\n%s", data, twice)
	}
	// A version that is known stays what it is.
	if _, err := c.With(imported(t, version("v16", readOnly), hint)); err == nil || !strings.Contains(err.Error(), "v16 is known with another text") {
		t.Errorf("%v", err)
	}
}

func TestLocalVersions(t *testing.T) {
	c := &Catalogue{}
	for i, text := range []string{readOnly, readOnly, strings.Replace(readOnly, "s3", "ec2", 1)} {
		p := imported(t, text, Hint{Name: "A"}).Policies()[0]
		p.Versions[0].ID = ""
		added, err := c.Add(p)
		want := []Addition{{"A", "local-1", true}, {"A", "local-1", false}, {"A", "local-2", true}}[i]
		if err != nil || added[0] != want {
			t.Errorf("%d: %+v, %v", i, added, err)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add(`{"Policies": [{"PolicyName": "A", "Arn": "arn:aws:iam::aws:policy/A", "PolicyVersionList": [{"VersionId": "v1", "Document": `+readOnly+`}]}]}`, "", "")
	f.Add(readOnly, "A", "")
	f.Add(`{"PolicyVersion": {"VersionId": "v2", "Document": "%7B%7D"}}`, "", "arn:aws:iam::aws:policy/A")
	f.Fuzz(func(t *testing.T, text, name, arn string) {
		c, findings := Import(source.NewFile("f.json", text), Hint{Name: name, ARN: arn})
		if (c == nil) != findings.HasErrors() {
			t.Fatalf("a catalogue: %v; findings %v", c != nil, findings)
		}
		if c == nil {
			return
		}
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, findings := Import(source.NewFile("f.json", string(data)), Hint{})
		if again == nil {
			t.Fatalf("%s\nis not read back: %v", data, findings)
		}
		if twice, _ := json.Marshal(again); string(twice) != string(data) {
			t.Fatalf("%s\nis read back as\n%s", data, twice)
		}
	})
}
