package check

import (
	"slices"
	"testing"

	"github.com/writ-iam/writ/catalog"
)

// The catalogue has the types of resources that the rows name.
func TestAttachmentTypes(t *testing.T) {
	for _, a := range attachments {
		for _, name := range a.types {
			found := slices.ContainsFunc(a.services, func(prefix string) bool {
				service, err := catalog.Default().Service(prefix)
				if err != nil {
					return false
				}
				_, ok := service.ResourceType(name)
				return ok
			})
			if !found {
				t.Errorf("%s: %v have no resource type %q", a.name, a.services, name)
			}
		}
	}
}
