package signingkey

// What a decision is made of and comes to, for the tests of decide.
type (
	State   = state
	Input   = input
	Outcome = outcome
)

// Slack, Longest, MaxLead and MaxGenerations are the bounds that tests go by.
const (
	Slack          = slack
	Longest        = longest
	MaxLead        = maxLead
	MaxGenerations = maxGenerations
)

// Decide is decide.
func Decide(in Input) (Outcome, error) { return decide(in) }
