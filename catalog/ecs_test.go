package catalog_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/catalog"
)

// TestECS holds everything about Amazon ECS against a table that was made by
// hand: testdata/ecs.txt says what its lines mean.
func TestECS(t *testing.T) {
	text, err := os.ReadFile("testdata/ecs.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := service(t, "ecs")
	counts := map[string]int{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		counts[f[0]]++
		switch f[0] {
		case "key":
			if k, ok := s.Key(f[1]); !ok || k.Name != f[1] || string(k.Type) != f[2] {
				t.Errorf("key %s is %v, want %s", f[1], k, f[2])
			}
		case "type":
			r, ok := s.ResourceType(f[1])
			if want := "arn:${Partition}:ecs:${Region}:${Account}:" + f[2]; !ok || !slices.Equal(r.Formats, []string{want}) {
				t.Errorf("type %s is %v, want %s", f[1], r, want)
			}
		case "action":
			a, ok := s.Action(f[1])
			if !ok {
				t.Errorf("no action %s", f[1])
				continue
			}
			if diff := cmp.Diff(f[1:], describeAction(s, a)); diff != "" {
				t.Errorf("%s", diff)
			}
		}
	}
	want := map[string]int{"key": len(s.Keys), "type": len(s.Types), "action": len(s.Actions)}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("numbers of lines:\n%s", diff)
	}
}

func describeAction(s *catalog.Service, a *catalog.Action) []string {
	var types []string
	keys := map[string]bool{}
	add := func(list []string) {
		for _, k := range list {
			keys[k] = true
		}
	}
	add(a.Keys)
	for _, t := range a.Types {
		mark := "?"
		if t.Required {
			mark = ""
		}
		types = append(types, t.Name+mark)
		add(t.Keys)
	}
	var own, tags []string
	for k := range keys {
		if name, ok := strings.CutPrefix(k, "ecs:"); ok {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	if keys["aws:RequestTag/${TagKey}"] {
		tags = append(tags, "Req")
	}
	if slices.Contains(s.KeysOf(a), "aws:ResourceTag/${TagKey}") {
		tags = append(tags, "Res")
	}
	text := func(list []string, separator string) string {
		if len(list) == 0 {
			return "-"
		}
		return strings.Join(list, separator)
	}
	return []string{a.Name, string(a.AccessLevel), text(types, ","), text(own, ","), text(tags, "+")}
}

func TestECSFormatsOldAndNew(t *testing.T) {
	s := service(t, "ecs")
	for name, want := range map[string]string{
		"task":               "arn:${Partition}:ecs:${Region}:${Account}:task/${TaskId}",
		"container-instance": "arn:${Partition}:ecs:${Region}:${Account}:container-instance/${ContainerInstanceId}",
		"service":            "arn:${Partition}:ecs:${Region}:${Account}:service/${ServiceName}",
		"cluster":            "",
		"task-definition":    "",
	} {
		r, ok := s.ResourceType(name)
		if !ok || strings.Join(r.OldFormats, " ") != want {
			t.Errorf("old formats of %s: %v, want %s", name, r, want)
		}
	}
}
