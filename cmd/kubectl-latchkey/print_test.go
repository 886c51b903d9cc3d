package main

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/spf13/pflag"
)

func TestOutputIsPrintedAsAsked(t *testing.T) {
	object := struct {
		Name string `json:"name"`
	}{"<ann>"}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"without -o it is for people":            {nil, "for people\n"},
		"-o table is the same":                   {[]string{"-o", "table"}, "for people\n"},
		"-o json is indented, text stays itself": {[]string{"-o", "json"}, "{\n    \"name\": \"<ann>\"\n}\n"},
		"--output yaml uses the same names":      {[]string{"--output=yaml"}, "name: <ann>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var o output
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			o.register(flags)
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := o.print(&got, object, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, "for people")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if got.String() != c.want {
				t.Errorf("printed %q, want %q", got.String(), c.want)
			}
		})
	}
}

func TestAFormatThatNobodyPrintsIsRefusedWithTheList(t *testing.T) {
	var o output
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.register(flags)
	err := flags.Parse([]string{"-o", "wide"})
	if want := `invalid argument "wide" for "-o, --output" flag: write one of table, json, yaml`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
