package manifests

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
	"github.com/latchkey-auth/latchkey/controllers/feed"
)

// Report is what was found.
type Report struct {
	// Objects is how many objects of Latchkey's kinds were judged.
	Objects int `json:"objects"`
	// Findings are what is wrong; none is good.
	Findings []Finding `json:"findings"`
	// Expectations is how many expected decisions were judged: none while there are findings in manifests.
	Expectations int `json:"expectations"`
}

// Finding is one thing that is wrong.
type Finding struct {
	File string `json:"file"`
	// Document counts from 1 within the file; an expectation likewise.
	Document    int    `json:"document,omitempty"`
	Expectation int    `json:"expectation,omitempty"`
	Kind        string `json:"kind,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
	Field       string `json:"field,omitempty"`
	Message     string `json:"message"`
}

// String is the finding on one line, its place first.
func (f Finding) String() string {
	place := f.File
	switch {
	case f.Expectation > 0:
		place += fmt.Sprintf(", expectation %d", f.Expectation)
	case f.Document > 0:
		place += fmt.Sprintf(", document %d", f.Document)
	}
	if f.Kind != "" {
		place += ": " + strings.TrimSpace(f.Kind+" "+f.Name)
	}
	if f.Field != "" {
		place += ": " + f.Field
	}
	return place + ": " + f.Message
}

// Checker judges manifests by the definitions that are built in.
type Checker struct{ schemas map[string]*kindSchema }

// New returns a Checker. It takes a moment, in which every CEL rule is compiled.
func New() (*Checker, error) {
	schemas, err := readSchemas()
	if err != nil {
		return nil, fmt.Errorf("read the definitions: %w", err)
	}
	return &Checker{schemas}, nil
}

// Check judges files, and the expectations in others. Objects that name no namespace are of the given one.
func (c *Checker) Check(ctx context.Context, files, expected []File, namespace string) *Report {
	report := &Report{Findings: []Finding{}}
	var documents []document
	for _, file := range files {
		read, problems := file.documents()
		documents = append(documents, read...)
		report.Findings = append(report.Findings, problems...)
	}
	var objects []*object
	for _, d := range documents {
		if o := newObject(d, namespace); o != nil {
			report.Objects++
			report.Findings = append(report.Findings, o.admit(ctx, c.schemas)...)
			objects = append(objects, o)
		}
	}
	if report.Objects == 0 && len(report.Findings) == 0 {
		report.Findings = append(report.Findings, nothingIn(files))
	}
	realms := realmsOf(objects)
	report.Findings = append(report.Findings, lint(objects, realms)...)
	if len(report.Findings) > 0 {
		return report // what isn't applied decides nothing
	}
	for _, file := range expected {
		judged, findings := file.judge(realms, namespace)
		report.Expectations += judged
		report.Findings = append(report.Findings, findings...)
	}
	return report
}

// nothingIn is the finding that there was nothing to judge: a check that passes because of that checks nothing.
func nothingIn(files []File) Finding {
	if len(files) == 0 {
		return Finding{File: ".", Message: "there is no YAML file: name the folder that holds the manifests"}
	}
	return Finding{File: files[0].Name, Message: "neither here nor in the other files is an object of group " + group + ": name the folder that holds them"}
}

// realmsOf makes a realm of what was admitted in each namespace: what was refused is no part of it.
func realmsOf(objects []*object) map[string]*decision.Realm {
	byNamespace := map[string]*feed.Objects{}
	for _, o := range objects {
		in := byNamespace[o.namespace]
		if o.stored == nil {
			continue
		}
		if in == nil {
			in = &feed.Objects{}
			byNamespace[o.namespace] = in
		}
		switch o.kind {
		case "Realm":
			in.Realms = append(in.Realms, o.stored)
		case "User":
			in.Users = append(in.Users, o.stored)
		case "Role":
			in.Roles = append(in.Roles, o.stored)
		}
	}
	realms := map[string]*decision.Realm{}
	for namespace, in := range byNamespace {
		realms[namespace] = decision.New(namespace, *in)
	}
	return realms
}

// only returns the one realm that there is.
func only(realms map[string]*decision.Realm) (name string, found bool) {
	var names []string
	for n := range realms {
		names = append(names, n)
	}
	slices.Sort(names)
	if len(names) != 1 {
		return "", false
	}
	return names[0], true
}
