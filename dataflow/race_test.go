//go:build race

package dataflow

func init() { racing = true }
