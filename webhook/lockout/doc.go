// Package lockout bounds how often a password may be guessed.
//
// It owns the budgets of wrong tries: one for each user and device or network, and one more
// that all unknown networks share for a user. It is pure: no network, no clock, no
// password; time is given to it, and so is whether a password was right. It is in
// memory, and each replica has its own.
//
//	try.go      Try and NetworkOf: who tries, and from where
//	rules.go    Rules: what a realm says
//	budgets.go  Budgets and Judge: the whole decision
//	budget.go   one budget: a rate limiter, and the lock that it ends in
//
// # A try is judged after its password was hashed
//
// Judge is told whether the password was right, and answers whether anybody may know.
// Tries are judged one at a time, so that of any number of parallel ones no more count
// than a budget has left; the others learn nothing, right or wrong. Nothing has to be
// reserved before the hash or given back after it: a try that was never hashed, because
// there was no slot or no API server, is never judged. And a locked try costs what any
// other costs.
//
// # Only users who exist have budgets
//
// Nobody guesses the password of a user who doesn't exist, and the answer is the same
// anyway. So a flood of names leaves nothing here; and as the shared budget stops new
// networks, a flood of networks leaves little.
//
// Zero values deny: the zero [Rules] let nobody in, the zero [Outcome] is Refused.
package lockout
