package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// readInput reads a file, or standard input for "-". Of a text that is larger
// than what can be read it returns so much that its reader says so.
func readInput(e *env, name string) (string, error) {
	var r io.Reader = e.stdin
	size := int64(0)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil {
			if info.IsDir() {
				return "", fmt.Errorf("%s is a directory; name the definition in it", name)
			}
			size = info.Size()
		}
		r = file
	}
	text, err := readText(r, size)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	return text, nil
}

// readText reads a text whose size is as told, if at all. Only plans of
// Terraform may be larger than what is parsed at once.
func readText(r io.Reader, size int64) (string, error) {
	buffered := bufio.NewReader(r)
	start, _ := buffered.Peek(1024) // what fails here fails again below
	limit := int64(source.MaxSize)
	if template.BeginsLikePlan(string(start)) {
		limit = template.MaxPlanSize
	}
	var b strings.Builder
	b.Grow(int(min(size, limit+1)))
	_, err := io.Copy(&b, io.LimitReader(buffered, limit+1))
	return b.String(), err
}

// stdinName is what messages call standard input.
const stdinName = "<stdin>"

func inputName(name string) string {
	if name == "-" {
		return stdinName
	}
	return name
}

// writeFile replaces a file in one step; what is no file (a pipe, a terminal)
// is written to.
func writeFile(name string, data []byte) error { return writeMode(name, data, 0o644) }

// replaceFile does so with a file that is there. It keeps its mode; behind a
// symbolic link, the file that it leads to is replaced.
func replaceFile(name, text string) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
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
