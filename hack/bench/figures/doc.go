// Package figures is what a benchmark run came to: rounds become a median with its range,
// and all of it becomes bench.json and the tables that a person reads.
//
//	spread.go   medians and percentiles
//	report.go   bench.json
//	print.go    the table of /check
//	target.go   the targets, with the figures beside them
package figures
