//go:build !race

package dataflow

const racing = false
