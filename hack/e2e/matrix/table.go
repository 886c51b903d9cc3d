package matrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"
)

// Cell is what a run has shown of a story behind a proxy.
type Cell struct {
	// Text is what stands in the table: ran, the test that stands in, or what went wrong.
	Text string
	// Wrong says that the story was not shown: a spec failed, or there is nothing at all.
	Wrong bool
}

// Cells are the cells of a run by column and story. A cell is ran if each of its specs passed
// against the real proxy; else the specs of this run or the tests elsewhere (standIns) that
// stand in are named.
func Cells(specs types.SpecReports, standIns StandIns) map[Column]map[Story]Cell {
	cells := map[Column]map[Story]Cell{}
	for _, column := range Columns() {
		cells[column] = map[Story]Cell{}
		for _, story := range Stories() {
			cells[column][story] = cell(specs, standIns, column, story)
		}
	}
	return cells
}

func cell(specs types.SpecReports, standIns StandIns, column Column, story Story) Cell {
	passed, failed, _ := ends(specs, label("shows", column, story))
	switch {
	case failed != "":
		return Cell{"FAILED: " + failed, true}
	case passed > 0:
		return Cell{"ran", false}
	}
	passed, failed, container := ends(specs, label("stands in", column, story))
	switch {
	case failed != "":
		return Cell{"FAILED: " + failed, true}
	case passed > 0:
		return Cell{"table: " + container, false}
	}
	if test := standIns.For(column, story); test != "" {
		return Cell{"test: " + test, false}
	}
	return Cell{"NOT SHOWN", true}
}

// ends counts the specs with a label that passed, and names one that failed and where they stand.
// A skipped spec is neither.
func ends(specs types.SpecReports, label string) (passed int, failed, container string) {
	for _, spec := range specs {
		if !slices.Contains(spec.Labels(), label) {
			continue
		}
		if len(spec.ContainerHierarchyTexts) > 0 {
			container = spec.ContainerHierarchyTexts[0]
		}
		switch {
		case spec.State.Is(types.SpecStatePassed):
			passed++
		case spec.State.Is(types.SpecStateFailureStates):
			failed = spec.FullText()
		}
	}
	return passed, failed, container
}

// Markdown is the table as a page shows it.
func Markdown(cells map[Column]map[Story]Cell) string {
	var b strings.Builder
	b.WriteString("| story |")
	rule := "| --- |"
	for _, column := range Columns() {
		fmt.Fprintf(&b, " %s |", column)
		rule += " --- |"
	}
	fmt.Fprintf(&b, "\n%s\n", rule)
	for _, story := range Stories() {
		fmt.Fprintf(&b, "| %s |", story)
		for _, column := range Columns() {
			fmt.Fprintf(&b, " %s |", cells[column][story].Text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Problems names the cells that show nothing, and those of nginx, Caddy and HAProxy that something
// stands in for: everybody can run these.
func Problems(cells map[Column]map[Story]Cell) []string {
	everywhere := []Column{Nginx, Caddy, HAProxy}
	var problems []string
	for _, column := range Columns() {
		for _, story := range Stories() {
			cell := cells[column][story]
			if cell.Wrong || slices.Contains(everywhere, column) && cell.Text != "ran" {
				problems = append(problems, fmt.Sprintf("%s behind %s: %s", story, column, cell.Text))
			}
		}
	}
	return problems
}
