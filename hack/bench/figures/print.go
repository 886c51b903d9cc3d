package figures

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// saturated is the share of the time that a server must compute for its requests per second
// to be its own limit and no other's.
const saturated = 0.9

// Print prints what /check answered, for people: the other figures are few enough to
// stand beside their targets.
func (c *Check) Print(w io.Writer) error {
	disturbed, err := printRows(w, "GET /check", []row{
		{"bare net/http", c.Bare},
		{"role, one token", c.RoleWarm},
		{"role, 10,000 tokens in turn", c.Role10kTokens},
		{"1,000 rules, one token", c.PolicyWarm},
		{"role, never-seen tokens", c.NeverSeen},
	})
	if err != nil {
		return err
	}
	if s := answers(c.NeverSeen).WithoutHTTP; s != (Spread{}) {
		fmt.Fprintf(w, "Without net/http, raw verification is %.2f (%s) of a check of a never-seen token.\n", s.Median, s.interval())
	}
	if disturbed {
		fmt.Fprintf(w, "A server computed for less than %.0f %% of the time: other programs or the load were the limit.\n"+
			"Trust the server's time for a request more than requests per second, or measure again.\n", 100*saturated)
	}
	return nil
}

func (a Answers) ratio() string {
	switch {
	case a.RatioToRawVerify != nil:
		return text(a.RatioToRawVerify) + " to raw verification"
	case a.RatioToBare != nil:
		return text(a.RatioToBare) + " to bare"
	default:
		return ""
	}
}

func (a Answers) cpuRatio() string {
	if a.CPURatio == (Spread{}) {
		return ""
	}
	return fmt.Sprintf("%.2f (%s)", a.CPURatio.Median, a.CPURatio.interval())
}

// Print prints what the two servers answered to name, for people.
func (p *Pair) Print(w io.Writer, name string) error {
	_, err := printRows(w, name, []row{{"bare", p.Bare}, {"Latchkey", p.Latchkey}})
	return err
}

type row struct {
	name    string
	answers *Answers
}

// printRows reports whether a server was not its own limit.
func printRows(w io.Writer, of string, rows []row) (disturbed bool, err error) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, of+"\tREQUESTS/S\tP50 MS\tP99 MS\tALLOCATIONS ABOVE BARE\tSERVER µS/REQUEST\tRATIO BY THAT\tRATIO OF REQUESTS/S\tRANGE")
	for _, row := range rows {
		a := answers(row.answers)
		disturbed = disturbed || a.Busy.Median < saturated
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%.1f\t%s\t%s\t%s\n", row.name, text(a.RPS), text(a.P50), text(a.P99),
			text(a.AllocsOverBare), a.CPU.Median, a.cpuRatio(), a.ratio(), a.Range.interval())
	}
	return disturbed, table.Flush()
}
