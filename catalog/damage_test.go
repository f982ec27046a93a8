package catalog_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/writ-iam/writ/catalog"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := fs.ReadFile(catalog.Data(), file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// with returns the facts with one file replaced.
func with(t *testing.T, file, text string) *catalog.Catalog {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"global.txt", "iam/ecs.txt", "iam/iam.txt", "iam/s3.txt", "sdk/ecs.txt", "sdk/s3.txt"} {
		files[name] = &fstest.MapFile{Data: []byte(read(t, name))}
	}
	files[file] = &fstest.MapFile{Data: []byte(text)}
	return catalog.New(files)
}

// signed gives lines the end line that they should have, so that nothing but
// their meaning can be wrong.
func signed(lines string) string {
	return fmt.Sprintf("%send\t%d\t%08x\n", lines, strings.Count(lines, "\n"), crc32.ChecksumIEEE([]byte(lines)))
}

func ask(c *catalog.Catalog, file string) error {
	var err error
	switch {
	case file == "global.txt":
		_, err = c.GlobalKeys()
	case strings.HasPrefix(file, "iam/"):
		_, err = c.Service("ecs")
	default:
		_, err = c.Operation("ecs", "runTask")
	}
	return err
}

func wantDamage(t *testing.T, what string, err error) {
	t.Helper()
	var damage *catalog.DataError
	if !errors.As(err, &damage) {
		t.Errorf("%s: error %v, want a DataError", what, err)
	}
}

// TestCutShort cuts files at every line, and within lines.
func TestCutShort(t *testing.T) {
	for _, file := range []string{"global.txt", "iam/ecs.txt", "sdk/ecs.txt"} {
		text := read(t, file)
		for n := 0; n < len(text); n += 1 + len(text)/200 {
			wantDamage(t, fmt.Sprintf("%s cut at %d", file, n), ask(with(t, file, text[:n]), file))
		}
		for n := range strings.Count(text, "\n") {
			lines := strings.Join(strings.SplitAfterN(text, "\n", n+1)[:n], "")
			wantDamage(t, fmt.Sprintf("%s cut to %d lines", file, n), ask(with(t, file, lines), file))
		}
	}
}

// TestChangedBytes changes single bytes: the sum finds them all.
func TestChangedBytes(t *testing.T) {
	for _, file := range []string{"global.txt", "iam/ecs.txt", "sdk/ecs.txt"} {
		text := read(t, file)
		for n := 0; n < len(text); n += 1 + len(text)/300 {
			changed := []byte(text)
			changed[n] ^= 1
			wantDamage(t, fmt.Sprintf("%s changed at %d", file, n), ask(with(t, file, string(changed)), file))
		}
	}
}

// Small files with every kind of line.
const (
	global = "key\taws:A\tString\nkey\taws:B\tBool\n"

	iam = "service\tecs\tECS\n" +
		"key\tecs:cluster\tARN\n" +
		"type\tcluster\tarn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}\tecs:cluster\n" +
		"old\tcluster\tarn:${Partition}:ecs:${Region}:${Account}:c/${ClusterName}\n" +
		"action\tRunTask\tWrite\tcluster!(ecs:cluster)\tecs:cluster\tiam:PassRole\n"

	sdk = "sdk\tecs\tECS\tecs\n" +
		"op\tRunTask\treviewed\n" +
		"need\tecs:RunTask\tcall\tTags !Group Kind:x*\n" +
		"on\ttask-definition\treviewed\tTaskDefinition TaskDefinitionFamilyName=TaskDefinition|x Cluster~${A}:*\n" +
		"role\tOverrides.Roles[].TaskRoleArn\tderived\tecs-tasks.amazonaws.com\tprofile\n" +
		"key\tecs:cluster\tcluster\treviewed\tClusterName=Cluster|default\n" +
		"key\taws:RequestTag/${TagKey}\t-\tderived\tTagKey=Tags[].Key Tags[].Value\n" +
		"op\tZoom\tassumed\n" +
		"none\tnewer\n"
)

// TestDamagedLines gives wrong lines the right sum.
func TestDamagedLines(t *testing.T) {
	if err := ask(with(t, "iam/ecs.txt", signed(iam)), "iam/ecs.txt"); err != nil {
		t.Fatalf("the lines that the test damages are wrong already: %v", err)
	}
	if err := ask(with(t, "sdk/ecs.txt", signed(sdk)), "sdk/ecs.txt"); err != nil {
		t.Fatalf("the lines that the test damages are wrong already: %v", err)
	}
	tests := []struct{ file, text, old, new string }{
		{"global.txt", global, "key\taws:B", "kay\taws:B"},
		{"global.txt", global, "Bool", "Boolean"},
		{"global.txt", global, "aws:B", "aws:A"},
		{"global.txt", global, "\tBool", ""},
		{"global.txt", global, "aws:A", ""},
		{"iam/ecs.txt", iam, "service\tecs", "service\teks"},
		{"iam/ecs.txt", iam, "service\tecs\tECS\n", ""},
		{"iam/ecs.txt", iam, "\tECS\n", "\n"},
		{"iam/ecs.txt", iam, "service\t", "sirvice\t"},
		{"iam/ecs.txt", iam, "ARN", "Arn"},
		{"iam/ecs.txt", iam, "key\tecs:cluster\tARN\n", ""},
		{"iam/ecs.txt", iam, "key\tecs:cluster\tARN\n", "key\tecs:cluster\tARN\nkey\tecs:cluster\tARN\n"},
		{"iam/ecs.txt", iam, "type\tcluster\tarn:", "type\tcluster\turn:"},
		{"iam/ecs.txt", iam, "{ClusterName}", "{ClusterName"},
		{"iam/ecs.txt", iam, "type\tcluster", "type\tclaster"},
		{"iam/ecs.txt", iam, "old\tcluster", "old\tclaster"},
		{"iam/ecs.txt", iam, "c/${ClusterName}", "c/${}"},
		{"iam/ecs.txt", iam, "Write", "write"},
		{"iam/ecs.txt", iam, "cluster!(ecs:cluster)", "cluster!(ecs:cluster"},
		{"iam/ecs.txt", iam, "cluster!(ecs:cluster)", "cluster!()"},
		{"iam/ecs.txt", iam, "cluster!(ecs:cluster)", "cluster!(ecs:x)"},
		{"iam/ecs.txt", iam, "cluster!(ecs:cluster)", "task"},
		{"iam/ecs.txt", iam, "cluster!(ecs:cluster)", "cluster,"},
		{"iam/ecs.txt", iam, "\tecs:cluster\tiam", "\tecs:cluster ecs:no\tiam"},
		{"iam/ecs.txt", iam, "\tiam:PassRole", "\t"},
		{"iam/ecs.txt", iam, "\tiam:PassRole", "\tiam:PassRole\tmore"},
		{"iam/ecs.txt", iam, "action\tRunTask", "action\t"},
		{"sdk/ecs.txt", sdk, "sdk\tecs", "sdk\teks"},
		{"sdk/ecs.txt", sdk, "sdk\tecs\tECS\tecs\n", ""},
		{"sdk/ecs.txt", sdk, "op\tRunTask", "op\tZoom"},
		{"sdk/ecs.txt", sdk, "op\tRunTask\treviewed\n", ""},
		{"sdk/ecs.txt", sdk, "op\tRunTask\treviewed", "op\tRunTask\tsure"},
		{"sdk/ecs.txt", sdk, "ecs:RunTask", "ecs:RunTusk"},
		{"sdk/ecs.txt", sdk, "ecs:RunTask", "ec3:RunTask"},
		{"sdk/ecs.txt", sdk, "\tcall\t", "\tcoll\t"},
		{"sdk/ecs.txt", sdk, "!Group", "!group"},
		{"sdk/ecs.txt", sdk, "!Group", "!"},
		{"sdk/ecs.txt", sdk, "on\ttask-definition", "on\ttask-def"},
		{"sdk/ecs.txt", sdk, "on\ttask-definition", "on\tarn:x"},
		{"sdk/ecs.txt", sdk, "=TaskDefinition|x", "=task|x"},
		{"sdk/ecs.txt", sdk, "=TaskDefinition|x", "="},
		{"sdk/ecs.txt", sdk, "Roles[].", "Roles[."},
		{"sdk/ecs.txt", sdk, "Roles[].", "Roles[].."},
		{"sdk/ecs.txt", sdk, "\tprofile", "\tprofit"},
		{"sdk/ecs.txt", sdk, "ClusterName=Cluster|default", ""},
		{"sdk/ecs.txt", sdk, "none\tnewer", "none\tolder"},
		{"sdk/ecs.txt", sdk, "none\tnewer", "none\tnewer\nneed\tecs:RunTask\tcall"},
		{"sdk/ecs.txt", sdk, "none\tnewer\n", ""},
		{"sdk/ecs.txt", sdk, "key\tecs", "kay\tecs"},
		{"sdk/ecs.txt", sdk, "key\tecs:cluster", "key\tecs:claster"},
		{"sdk/ecs.txt", sdk, "key\tecs:cluster", "key\taws:SourceIp"},
		{"sdk/ecs.txt", sdk, "\tcluster\treviewed", "\tclaster\treviewed"},
		{"sdk/ecs.txt", sdk, "\tcluster\treviewed", "\t-\treviewed"},
		{"sdk/ecs.txt", sdk, "\tcluster\treviewed", "\tcluster\tsure"},
		{"sdk/ecs.txt", sdk, "\tcluster\treviewed", "\tcluster"},
		{"sdk/ecs.txt", sdk, "ClusterName=Cluster|default", "Claster=Cluster"},
		{"sdk/ecs.txt", sdk, "TagKey=Tags[].Key ", ""},
		{"sdk/ecs.txt", sdk, "TagKey=Tags[].Key ", "Tag=Tags[].Key "},
		{"sdk/ecs.txt", sdk, " Tags[].Value", ""},
		{"sdk/ecs.txt", sdk, "RequestTag/${TagKey}", "RequestTag/${Key}"},
	}
	for _, test := range tests {
		if !strings.Contains(test.text, test.old) {
			t.Fatalf("%q is not in the lines", test.old)
		}
		damaged := signed(strings.Replace(test.text, test.old, test.new, 1))
		wantDamage(t, fmt.Sprintf("%s with %q for %q", test.file, test.new, test.old), ask(with(t, test.file, damaged), test.file))
	}
}

func TestTooLarge(t *testing.T) {
	text := strings.Repeat("key\taws:A\tString\n", 600_000)
	wantDamage(t, "a large file", ask(with(t, "global.txt", signed(text)), "global.txt"))
}

func TestFileMissing(t *testing.T) {
	c := catalog.New(fstest.MapFS{})
	if _, err := c.GlobalKeys(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := c.Service("ecs"); err == nil {
		t.Error("a service of no files")
	}
}

// encode writes a service as its file has it. What the decoder accepts must be
// the same text again: nothing is read and forgotten.
func encode(s *catalog.Service) string {
	var b bytes.Buffer
	line := func(fields ...string) {
		b.WriteString(strings.TrimRight(strings.Join(fields, "\t"), "\t") + "\n")
	}
	line("service", s.Prefix, s.Name)
	for _, k := range s.Keys {
		line("key", k.Name, string(k.Type))
	}
	for _, t := range s.Types {
		line("type", t.Name, strings.Join(t.Formats, " "), strings.Join(t.Keys, " "))
	}
	for _, t := range s.Types {
		if len(t.OldFormats) > 0 {
			line("old", t.Name, strings.Join(t.OldFormats, " "))
		}
	}
	for _, a := range s.Actions {
		var types []string
		for _, t := range a.Types {
			text := t.Name
			if t.Required {
				text += "!"
			}
			if len(t.Keys) > 0 {
				text += "(" + strings.Join(t.Keys, " ") + ")"
			}
			types = append(types, text)
		}
		line("action", a.Name, string(a.AccessLevel), strings.Join(types, ","), strings.Join(a.Keys, " "), strings.Join(a.Dependents, " "))
	}
	return signed(b.String())
}

func TestDecodedServicesEncodeAgain(t *testing.T) {
	names, err := catalog.Default().Services()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if got := encode(service(t, name)); got != read(t, "iam/"+name+".txt") {
			t.Errorf("%s differs when it is written again", name)
		}
	}
}

func FuzzService(f *testing.F) {
	f.Add(iam)
	f.Add("service\t0\t0\nkey\n")
	f.Fuzz(func(t *testing.T, lines string) {
		prefix, _, _ := strings.Cut(strings.TrimPrefix(lines, "service\t"), "\t")
		s, err := catalog.DecodeService(prefix, signed(lines))
		if err != nil {
			return
		}
		if got := encode(s); got != signed(lines) {
			t.Errorf("differs when it is written again:\n%q\n%q", lines, got)
		}
	})
}

func FuzzOperations(f *testing.F) {
	f.Add(sdk)
	f.Add("sdk\tecs\tECS\tecs\nop\tRunTask\treviewed\non\t*\tderived\tA[].B{key}.C{}=x|y\n")
	f.Fuzz(func(t *testing.T, lines string) {
		c := catalog.New(fstest.MapFS{
			"iam/ecs.txt": &fstest.MapFile{Data: []byte(read(t, "iam/ecs.txt"))},
			"sdk/ecs.txt": &fstest.MapFile{Data: []byte(signed(lines))},
		})
		s, err := c.ServiceBySDKName("ecs")
		if err != nil {
			return
		}
		for _, op := range s.Ops {
			if (len(op.Needs) == 0) == (op.Without == "") {
				t.Errorf("%s has neither needs nor a reason, or both", op.Name)
			}
		}
	})
}

func FuzzMatchARN(f *testing.F) {
	f.Add("arn:aws:ecs:us-east-1:123456789012:task/a/b")
	f.Add("arn:aws:s3:::a/b/c")
	f.Fuzz(func(t *testing.T, text string) {
		matches, err := catalog.Default().MatchARN(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range matches {
			if before, _, _ := strings.Cut(m.Format, "${"); !strings.HasPrefix(text, before) {
				t.Errorf("%q is said to have the format %s", text, m.Format)
			}
		}
	})
}
