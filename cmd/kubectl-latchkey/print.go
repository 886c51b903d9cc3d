package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"
	"sigs.k8s.io/yaml"
)

// formats are what -o takes.
var formats = []string{"table", "json", "yaml"}

// output prints what a subcommand found: for people, or whole for programs. The zero value prints a table.
type output struct{ format string }

// register adds -o, which refuses a format that nobody prints.
func (o *output) register(flags *pflag.FlagSet) {
	flags.VarP(o, "output", "o", "how to print: "+strings.Join(formats, ", "))
}

// print writes object as its JSON tags say, or lets table write it for people.
func (o *output) print(w io.Writer, object any, table func(w io.Writer) error) error {
	switch o.format {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "    ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(object)
	case "yaml":
		text, err := yaml.Marshal(object)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	return table(w)
}

// printTable writes rows in columns as wide as kubectl's, the first one being their titles. A dash stands for nothing, so
// that columns can be counted.
func printTable(w io.Writer, rows [][]string) error {
	columns := tabwriter.NewWriter(w, 6, 4, 3, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = cmp.Or(row[i], "-")
		}
		fmt.Fprintln(columns, strings.Join(row, "\t"))
	}
	return columns.Flush()
}

// String is the format as a flag's value.
func (o *output) String() string {
	if o.format == "" {
		return formats[0]
	}
	return o.format
}

// Set takes the flag's value.
func (o *output) Set(format string) error {
	if !slices.Contains(formats, format) {
		return fmt.Errorf("write one of %s", strings.Join(formats, ", "))
	}
	o.format = format
	return nil
}

// Type names the flag's value in the help.
func (o *output) Type() string { return "format" }
