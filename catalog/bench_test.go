package catalog_test

import (
	"io/fs"
	"testing"

	"github.com/writ-iam/writ/catalog"
)

// BenchmarkFirstAnswer is what a program pays that asks one question.
func BenchmarkFirstAnswer(b *testing.B) {
	ask := map[string]func(c *catalog.Catalog) error{
		"ecs action":    func(c *catalog.Catalog) error { _, err := c.Action("ecs:RunTask"); return err },
		"ec2 action":    func(c *catalog.Catalog) error { _, err := c.Action("ec2:RunInstances"); return err },
		"sfn operation": func(c *catalog.Catalog) error { _, err := c.Operation("sfn", "startExecution"); return err },
		"s3 operation":  func(c *catalog.Catalog) error { _, err := c.Operation("s3", "getObject"); return err },
		"ec2 operation": func(c *catalog.Catalog) error { _, err := c.Operation("ec2", "runInstances"); return err },
	}
	for name, f := range ask {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(catalog.New(catalog.Data())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNextAnswer is what every further question about a service costs.
func BenchmarkNextAnswer(b *testing.B) {
	c := catalog.Default()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Action("ec2:RunInstances"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadAll(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c := catalog.New(catalog.Data())
		services, _ := c.Services()
		for _, name := range services {
			if _, err := c.Service(name); err != nil {
				b.Fatal(err)
			}
		}
		sdk, _ := c.SDKServices()
		for _, name := range sdk {
			if _, err := c.ServiceBySDKName(name); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkExpand(b *testing.B) {
	c := catalog.Default()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Expand("*:Describe*"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatchARN(b *testing.B) {
	c := catalog.Default()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.MatchARN("arn:aws:ecs:us-east-1:123456789012:task/web/0123456789abcdef"); err != nil {
			b.Fatal(err)
		}
	}
}

// TestSize watches how much the facts add to a program.
func TestSize(t *testing.T) {
	files, size := 0, int64(0)
	err := fs.WalkDir(catalog.Data(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		files++
		size += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d bytes", files, size)
	if size > 6<<20 {
		t.Error("the facts have grown past 6 MiB")
	}
}
