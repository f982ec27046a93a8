package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A role that no account can have is refused, and so is JSON that is too deep.
func TestAuditRefusesHostileRoles(t *testing.T) {
	dir := t.TempDir()
	definition := filepath.Join(dir, "machine.json")
	large := make([]string, 20_000)
	for i := range large {
		large[i] = fmt.Sprintf(`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/%d/*"}`, i)
	}
	for name, c := range map[string]struct{ text, code string }{
		"large.json": {`{"Version": "2012-10-17", "Statement": [` + strings.Join(large, ",") + `]}`, "ROLE_TOO_LARGE"},
		"deep.json":  {strings.Repeat("[", 100_000), "MALFORMED_JSON"},
		"empty.json": {"", "MALFORMED_JSON"},
		"null.json":  {"null", "NOT_A_ROLE"},
	} {
		role := filepath.Join(dir, name)
		for file, text := range map[string]string{definition: machine, role: c.text} {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		code, stdout, stderr := invoke(t, "", "audit", definition, "--role", role, "--account", "123456789012", "--region", "us-east-1")
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.code) {
			t.Errorf("%s: exit code %d, %q, %.300q", name, code, stdout, stderr)
		}
	}
}
