package roles

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/catalog"
)

// Each view that facts may name is there, and finds something.
func TestViewsOfTheCatalogue(t *testing.T) {
	for _, name := range catalog.Views {
		view := views[name]
		if view == nil {
			t.Errorf("no view %q", name)
			continue
		}
		if len(view(viewSample(t, name, "my-name"), false)) == 0 {
			t.Errorf("%s finds nothing", name)
		}
	}
	for name := range views {
		if !slices.Contains(catalog.Views, name) {
			t.Errorf("the catalogue knows no view %q", name)
		}
	}
}

func TestViews(t *testing.T) {
	for _, test := range []struct {
		view, text string
		open       bool
		want       string
	}{
		{"copied", "b/k", false, "b/k"},
		{"copied", "/b/k?versionId=1", false, "b/k"},
		{"copied", "b/a+c", false, "b/a+c b/a c"},
		{"copied", "b/100%", false, "b/100%"},
		{"version", "b/k", false, ""},
		{"version", "b/k?versionId=1", false, "1"},
		{"version", "b/*", true, "*"},
		{"version", "b/*.json", true, ""},
		{"encoded", "arn:aws:x::/a b", false, "arn%3Aaws%3Ax%3A%3A%2Fa%20b"},
		{"encoded", "arn:*/a", true, "arn%3A*%2Fa"},
		{"prefix", "a/", false, "a/*"},
		{"prefix", "a?/", false, "a${?}/*"},
		{"prefix", "a/b", false, "a/b"},
		{"unrevised", "d", false, "d"},
		{"unrevised", "d:1", false, ""},
		{"unrevised", "arn:aws:batch:r:1:job-definition/d", false, "arn:aws:batch:r:1:job-definition/d"},
		{"unrevised", "arn:aws:batch:r:1:job-definition/d:1", false, ""},
		{"writes", " (select 1", false, ""},
		{"writes", "drop table t", false, "drop table t"},
		{"writes", "*", true, "*"},
		{"lower", "MyJob", false, "myjob"},
		{"addressed", "a@b.example.com", false, "a@b.example.com b.example.com example.com"},
		{"addressed", "Me <a+x@example.com>", false, "a@example.com example.com"},
		{"addressed", "nobody", false, "*"},
		{"addressed", "*@example.com", true, "*@example.com example.com"},
		{"addressed", "a@*", true, "*"},
		{"selected", `SELECT * FROM T`, false, "T"},
		{"selected", `select "from" from "a""b"`, false, `a"b`},
		{"selected", `((SELECT * FROM T WHERE x = 'FROM U'))`, false, "T"},
		{"selected", `SELECT * FROM "T"."I"`, false, "T/index/I"},
		{"selected", `EXISTS ( SELECT * FROM T )`, false, "T"},
		{"selected", `SELECT`, false, "*"},
		{"selected", `SELECT * FROM ?`, false, "*"},
		{"selected", `DELETE FROM T`, false, ""},
		{"selected", `*`, true, "*"},
		{"selected", `S*`, true, "*"},
		{"selected", `D*`, true, ""},
		{"selected", "/* SELECT * FROM U", false, ""},
		{"inserted", "INSERT INTO \"T\" VALUE {}", false, "T"},
		{"updated", "UPDATE\tT SET", false, "T"},
		{"deleted", "--x\nDELETE FROM T-1", false, "T-1"},
	} {
		var got []string
		for _, v := range views[test.view](test.text, test.open) {
			got = append(got, v.text)
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s of %q (-want +got):\n%s", test.view, test.text, diff)
		}
	}
}

// FuzzViews: whatever the text, views end, and find what is not longer than it
// by much.
func FuzzViews(f *testing.F) {
	f.Add(`SELECT * FROM "T"."I" -- x`, false)
	f.Add("/b/k?versionId=%20+", true)
	f.Add("Me <a+b@c.example.com>", true)
	f.Fuzz(func(t *testing.T, text string, open bool) {
		for name, view := range views {
			for _, found := range view(text, open) {
				if len(found.text) > 4*len(text)+16 {
					t.Errorf("%s of %q: %q", name, text, found.text)
				}
			}
		}
	})
}
