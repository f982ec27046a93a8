package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/writ-iam/writ/source"
)

// readInput reads a file, or standard input for "-", up to the bound of every
// parser and one byte more, so that they see when it is exceeded.
func readInput(e *env, name string) (string, error) {
	var r io.Reader = e.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return "", fmt.Errorf("%s is a directory; name the definition in it", name)
		}
		r = file
	}
	text, err := io.ReadAll(io.LimitReader(r, source.MaxSize+1))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	return string(text), nil
}

// writeFile replaces a file in one step; what is no file (a pipe, a terminal)
// is written to.
func writeFile(name string, data []byte) error { return writeMode(name, data, 0o644) }

// replaceFile does so with a file that is there, and keeps its mode.
func replaceFile(name, text string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return writeMode(name, []byte(text), info.Mode().Perm())
}

func writeMode(name string, data []byte, mode os.FileMode) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, data, mode)
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(data); err != nil {
		return err
	}
	if err := tmp.Chmod(mode); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil { // a name must not come to stand for what is not on the disk
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
