package v1alpha1_test

import (
	"math/rand/v2"
	"slices"
	"strconv"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// JSON values that a leaf of any type is tried with, most of them of the wrong type.
var oddValues = []string{
	`""`, `"a"`, `"\u0000"`, `"\ud800"`, `"1"`, `"true"`, `null`, `true`, `false`, `[]`, `["a"]`, `{}`, `{"a":"b"}`, `0`, `1.5`, `1e30`,
}

// JSON numbers at the edge of a Go type, or an integer in another spelling.
var numerals = []string{
	`-0`, `1`, `-1`, `1.0`, `8`, `8.0`, `80e-1`, `15`, `20.0`, `2e1`, `1000`, `1e-1`, `2147483647`, `2147483648`, `9007199254740993`,
	`9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `18446744073709551616`, `1e19`, `1e400`,
}

// Texts that are a moment to somebody: to RFC 3339, to ISO 8601, to OpenAPI's date-time, to Go, to nobody.
var moments = []string{
	"2026-01-02T15:04:05Z", "9999-12-31T23:59:59Z", "1000-01-01T00:00:00Z", "2024-02-29T00:00:00Z",
	"2026-01-02t15:04:05Z", "2026-01-02T15:04:05z", "2026-01-02t15:04:05z", "2026-01-02 15:04:05Z", "2026-01-02T15:04:05",
	"2026-01-02T15:04:05+01:00", "2026-01-02T15:04:05+00:00", "2026-01-02T15:04:05-00:00", "2026-01-02T15:04:05+24:00", "2026-01-02T15:04:05+0100",
	"2026-01-02T15:04:05.5Z", "2026-01-02T15:04:05,5Z", "2026-01-02T15:04:05.Z", "2026-01-02T15:04:05.1234567890123Z", "2026-01-02T15:04:05x5Z",
	"2016-12-31T23:59:60Z", "2016-12-31T23:59:61Z", "2026-01-02T24:00:00Z", "2026-01-02T15:60:05Z",
	"2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-04-31T00:00:00Z", "2100-02-29T00:00:00Z",
	"0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "10000-01-01T00:00:00Z", "-2026-01-02T15:04:05Z", "+2026-01-02T15:04:05Z",
	"2026-01-02", "2026-W01-5T15:04:05Z", "20260102T150405Z", "2026-1-2T15:04:05Z", "1767366245", "tomorrow",
	"2026-01-02T15:04:05Z\n", " 2026-01-02T15:04:05Z", "２０２６-01-02T15:04:05Z", "2026-01-02T15:04:05Z2026-01-02T15:04:05Z",
}

// Texts that are a duration to somebody: to Go, to OpenAPI, to Prometheus, to ISO 8601, to nobody.
var durations = []string{
	"1h", "30m", "10s", "1h30m", "30m0s", "1m1m1m", "0h0m10s", "2160h", "0s", "0", "00000000000001h", "999999h999999h9h",
	"1d", "1w", "1y", "1 h", "1h ", "h", "1", "1hour", "PT1H", "1H", "1M", "1S", "-1h", "+1h", "1.5h", ".5h", "1.h", "1e3s", "1,5h",
	"1ms", "1us", "1µs", "1μs", "1ns", "9223372036854775807ns", "9223372036s", "9223372037s", "2562047h", "2562048h", "9999999999h", "99999999999999h",
	"1h\n", "１h", "1h1", "infinity",
}

// known tells the leaves of which valuesFor has a valid value.
func known(s *apiextensionsv1.JSONSchemaProps) bool {
	return s.Format == "date-time" || s.Pattern == durationPattern || s.Type == "integer"
}

// valuesFor lists JSON values for a leaf: the odd ones, and the numerals where it is a number; where it is a
// moment or a duration, those that are one to somebody and some that differ from them by one or two characters.
func valuesFor(s *apiextensionsv1.JSONSchemaProps, random *rand.Rand) []string {
	values := slices.Clone(oddValues)
	var texts []string
	switch {
	case s.Format == "date-time":
		texts = append(slices.Clone(moments), misspelt(moments, "0123569TtZz+-:. ", random)...)
	case s.Pattern == durationPattern:
		texts = append(slices.Clone(durations), misspelt(durations, "0159smhdµ-+. ", random)...)
	case s.Type == "integer":
		values = append(values, numerals...)
	}
	for _, text := range texts {
		values = append(values, strconv.QuoteToGraphic(text))
	}
	return values
}

// misspelt makes texts from these by replacing, adding or leaving out one or two characters.
func misspelt(texts []string, alphabet string, random *rand.Rand) []string {
	letters := []rune(alphabet)
	var variants []string
	for range 20 {
		text := []rune(texts[random.IntN(len(texts))])
		for range 1 + random.IntN(2) {
			at := random.IntN(len(text) + 1)
			letter := letters[random.IntN(len(letters))]
			switch random.IntN(3) {
			case 0:
				text = slices.Insert(text, at, letter)
			case 1:
				text = slices.Replace(text, at, min(at+1, len(text)), letter)
			default:
				text = slices.Delete(text, at, min(at+1, len(text)))
			}
		}
		variants = append(variants, string(text))
	}
	return variants
}
