package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/denial"
)

type decodeFlags struct {
	account, format, keyFile string
	maxAge                   time.Duration
}

func newDecode(e *env) *cobra.Command {
	var f decodeFlags
	cmd := &cobra.Command{
		Use:   "decode [MESSAGE|-]",
		Short: "Print what an authorization message holds",
		Long: `Decode prints a decoded authorization message: the JSON that 'aws sts
decode-authorization-message' returns, with or without the object around it.
Without an argument it reads standard input.

Messages that AWS has encoded can be opened by AWS alone. Those that were sealed
with a key of one's own are opened with --key-file.

Exit codes: 0 done; 2 wrong usage or unreadable input; 3 the account details do
not show what the message says.`,
		Example: `  aws sts decode-authorization-message --encoded-message ... | writ decode --account-details account.json`,
		Args:    takes(0, 1, "one MESSAGE at most"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"-"}
			}
			return f.run(e, args[0])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.account, "account-details", "", "output of aws iam get-account-authorization-details, to find the statement in")
	flags.StringVar(&f.keyFile, "key-file", "", "file with the key of sealed messages, 32 bytes as 64 hexadecimal digits")
	flags.DurationVar(&f.maxAge, "max-age", 0, "refuse sealed messages that are older (default: any age)")
	formatVar(cmd, &f.format, "text", "json")
	return cmd
}

func (f *decodeFlags) run(e *env, arg string) error {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return err
	}
	text, err := readArgument(e, arg)
	if err != nil {
		return err
	}
	d, err := f.decode(text)
	if err != nil {
		return err
	}
	why := cause{denial: denialOf(&d)}
	if f.account != "" && !d.Allowed {
		if err := why.find(e, f.account, d.Context); err != nil {
			return err
		}
	}
	if err := f.write(e, &d, &why); err != nil {
		return err
	}
	if why.answer != nil && !why.found() {
		return exit(exitUndecided)
	}
	return nil
}

var errEncoded = errors.New("the message is encoded, and AWS alone can open it\nrun: aws sts decode-authorization-message --encoded-message ... | writ decode")

// decode reads a message in whatever form it comes.
func (f *decodeFlags) decode(text string) (denial.Decoded, error) {
	if strings.HasPrefix(text, "{") {
		return denial.ParseDecoded(text)
	}
	if d, err := denial.Parse(text); err == nil && d.Encoded != "" {
		text = d.Encoded
	}
	if f.keyFile == "" {
		return denial.Decoded{}, errEncoded
	}
	key, err := readKey(f.keyFile)
	if err != nil {
		return denial.Decoded{}, err
	}
	s, err := denial.NewSealer(key)
	if err != nil {
		return denial.Decoded{}, fmt.Errorf("--key-file: %w", err)
	}
	return s.Open(text, time.Now(), f.maxAge)
}

func readKey(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil {
		return nil, fmt.Errorf("--key-file: the key is not written in hexadecimal digits")
	}
	return key, nil
}

// denialOf says in the words of a message what a decoded one holds. Which kind
// of policy denied it does not say, but for service control policies.
func denialOf(d *denial.Decoded) denial.Denial {
	out := denial.Denial{Principal: d.Principal.ARN, Action: d.Action, Resource: d.Resource, Explicit: d.ExplicitDeny}
	for _, m := range d.Matched {
		for _, p := range m.Principals {
			if p == denial.ScopePolicyIssuer {
				out.Kind = denial.SCP
			}
		}
	}
	return out
}

func (f *decodeFlags) write(e *env, d *denial.Decoded, why *cause) error {
	switch {
	case f.format == "json" && why.answer != nil:
		out := why.json()
		out.Decoded = d
		return printJSON(e, out)
	case f.format == "json":
		return printJSON(e, d)
	}
	p := answerPrinter{w: e.stdout, color: e.terminal && e.getenv("NO_COLOR") == ""}
	if d.Allowed {
		p.printf("allowed\n")
	} else {
		why.writeText(&p)
	}
	p.decoded(d)
	return p.err
}

// decoded prints what a message holds beside the denial.
func (p *answerPrinter) decoded(d *denial.Decoded) {
	if d.Principal.ID != "" {
		p.line("id", "%s", plain(d.Principal.ID))
	}
	for _, m := range d.Matched {
		p.line("matched", "%s %q", plain(m.Effect), m.ID)
		p.more("Action %s", someOf(m.Actions))
		p.more("Resource %s", someOf(m.Resources))
		if len(m.Principals) > 0 {
			p.more("Principal %s", someOf(m.Principals))
		}
		for _, c := range m.Conditions {
			p.more("Condition %s %s", plain(strings.TrimSpace(c.Operator+" "+c.Key)), someOf(c.Values))
		}
	}
	word := "context"
	for _, entry := range d.Context {
		p.line(word, "%s = %s", plain(entry.Key), someOf(entry.Values))
		word = ""
	}
}
