package chaos

import (
	"sync"
	"time"
)

// Login is one login of one user, and what may be expected of its access token. The zero times mean
// never. A Login may be used by many goroutines.
type Login struct {
	User      string
	SessionID string

	mu      sync.Mutex
	tokens  Tokens
	ending  time.Time              // somebody has begun to end it: its answers can't be judged
	here    map[*Replica]time.Time // a replica has said that it ended it
	ended   time.Time              // it must be dead everywhere
	spoiled bool                   // a check accepted it when it was dead
}

// NewLogin returns a login that is alive.
func NewLogin(user, sessionID string, tokens Tokens) *Login {
	return &Login{User: user, SessionID: sessionID, tokens: tokens, here: map[*Replica]time.Time{}}
}

// Tokens are the newest of this login.
func (l *Login) Tokens() Tokens {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tokens
}

// Refreshed replaces the tokens.
func (l *Login) Refreshed(tokens Tokens) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = tokens
}

// Ending says that from now on the login may be refused. Call it before asking for its end.
func (l *Login) Ending() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending.IsZero() {
		l.ending = time.Now()
	}
}

// EndedBy says that replica has answered that the login is over: there it is dead with the answer.
func (l *Login) EndedBy(replica *Replica) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.here[replica].IsZero() {
		l.here[replica] = time.Now()
	}
}

// Ended says that the end was acknowledged: everywhere it is dead within the bound.
func (l *Login) Ended() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended.IsZero() {
		l.ended = time.Now()
	}
}

// Alive reports whether nobody has begun to end it.
func (l *Login) Alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ending.IsZero()
}

// Over reports whether its end was acknowledged.
func (l *Login) Over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.ended.IsZero()
}

// knowledge is what stands in a Login at one moment, for one replica.
type knowledge struct{ ending, here, ended time.Time }

func (l *Login) at(replica *Replica) knowledge {
	l.mu.Lock()
	defer l.mu.Unlock()
	return knowledge{ending: l.ending, here: l.here[replica], ended: l.ended}
}

// spoil notes that the login was accepted after its end, and reports whether that is news.
func (l *Login) spoil() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	news := !l.spoiled
	l.spoiled = true
	return news
}
