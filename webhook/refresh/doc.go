// Package refresh decides what a presented refresh token means for its login: rotation that is
// confirmed by use (RFC 9700 section 4.14.2).
//
// It owns the state machine and nothing else. It is pure: no clock, no network, no token. Its
// caller verifies the token, reads the State, and stores what Decide says by a compare-and-swap;
// who finds that somebody was faster reads and decides again.
//
// A login's State is the newest generation of refresh token that was presented, not the newest that
// was issued. So an answer that got lost changes nothing: the same token works again, at any time,
// until a successor of it is presented, which is the proof that one arrived. From then on it is
// overtaken, and who presents it late shares the login with somebody: the login ends.
//
// Zero values deny: the zero Decision refuses, and so does Decide for a zero Presented.
package refresh
