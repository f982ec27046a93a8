package main

import "testing"

func BenchmarkLoad(b *testing.B) {
	for _, name := range []string{"W1", "W2", "W3-1000"} {
		w, err := makeWorkload(name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e := &writEngine{w: w}
				e.load()
			}
		})
	}
}
