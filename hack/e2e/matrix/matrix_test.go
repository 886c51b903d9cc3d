package matrix_test

import (
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/latchkey-auth/latchkey/hack/e2e/matrix"
)

func spec(state types.SpecState, labels []string) types.SpecReport {
	return types.SpecReport{State: state, LeafNodeLabels: labels, ContainerHierarchyTexts: []string{"As it asks"}, LeafNodeText: "a spec"}
}

func TestACellSaysWhatTheRunHasShown(t *testing.T) {
	shows := matrix.Shows(matrix.Nginx, matrix.Login)
	standsIn := matrix.StandsIn(matrix.Nginx, matrix.Login)
	elsewhere := matrix.StandIns{matrix.Nginx: {matrix.Login: "TestLogin"}}
	tests := map[string]struct {
		specs    types.SpecReports
		standIns matrix.StandIns
		want     string
		wrong    bool
	}{
		"a spec that passed":                 {specs: types.SpecReports{spec(types.SpecStatePassed, shows)}, want: "ran"},
		"one of two that failed":             {specs: types.SpecReports{spec(types.SpecStatePassed, shows), spec(types.SpecStateFailed, shows)}, standIns: elsewhere, want: "FAILED: As it asks a spec", wrong: true},
		"one that panicked":                  {specs: types.SpecReports{spec(types.SpecStatePanicked, shows)}, want: "FAILED: As it asks a spec", wrong: true},
		"a skipped one, with a table":        {specs: types.SpecReports{spec(types.SpecStateSkipped, shows), spec(types.SpecStatePassed, standsIn)}, want: "table: As it asks"},
		"a skipped one, with a broken table": {specs: types.SpecReports{spec(types.SpecStateSkipped, shows), spec(types.SpecStateFailed, standsIn)}, standIns: elsewhere, want: "FAILED: As it asks a spec", wrong: true},
		"a skipped one, with a test":         {specs: types.SpecReports{spec(types.SpecStateSkipped, shows)}, standIns: elsewhere, want: "test: TestLogin"},
		"a skipped one alone":                {specs: types.SpecReports{spec(types.SpecStateSkipped, shows)}, want: "NOT SHOWN", wrong: true},
		"none":                               {want: "NOT SHOWN", wrong: true},
		"one of another story":               {specs: types.SpecReports{spec(types.SpecStatePassed, matrix.Shows(matrix.Nginx, matrix.Logout))}, want: "NOT SHOWN", wrong: true},
		"one of another proxy":               {specs: types.SpecReports{spec(types.SpecStatePassed, matrix.Shows(matrix.Caddy, matrix.Login))}, want: "NOT SHOWN", wrong: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := matrix.Cells(test.specs, test.standIns)[matrix.Nginx][matrix.Login]

			if got != (matrix.Cell{Text: test.want, Wrong: test.wrong}) {
				t.Errorf("got %+v, want %q, wrong: %t", got, test.want, test.wrong)
			}
		})
	}
}

func TestNothingStandsInForWhatEverybodyCanRun(t *testing.T) {
	cells := matrix.Cells(nil, nil)
	for _, column := range matrix.Columns() {
		for _, story := range matrix.Stories() {
			cells[column][story] = matrix.Cell{Text: "table: As it asks"}
		}
	}

	problems := matrix.Problems(cells)

	if len(problems) != 3*len(matrix.Stories()) {
		t.Errorf("%d problems, want one for each cell of nginx, Caddy and HAProxy: %q", len(problems), problems)
	}
}

func TestTheTableHasEveryCell(t *testing.T) {
	table := matrix.Markdown(matrix.Cells(nil, nil))

	if got, want := strings.Count(table, "NOT SHOWN"), len(matrix.Columns())*len(matrix.Stories()); got != want {
		t.Errorf("%d cells, want %d:\n%s", got, want, table)
	}
}

func TestAStandInThatNobodyWroteIsMissing(t *testing.T) {
	standIns := matrix.StandIns{
		matrix.Traefik:   {matrix.Login: "TestAStandInThatNobodyWroteIsMissing", matrix.Logout: "TestThatIsNowhere"},
		matrix.EnvoyGRPC: {matrix.Login: "P1 A change by the API server's answer", matrix.Logout: "a spec that is nowhere"},
	}

	missing, err := standIns.Missing("../../..")

	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(missing, ", "); got != "TestThatIsNowhere, a spec that is nowhere" {
		t.Errorf("missing: %s", got)
	}
}
