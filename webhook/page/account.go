package page

import (
	"net/http"
	"time"
)

// Names of the fields of the account page's forms.
const (
	FieldOldPassword = "oldPassword"
	FieldNewPassword = "newPassword"
	FieldEverywhere  = "everywhere"
)

// Account is the page that people have about themselves.
type Account struct {
	Root        string // relative URL of the realm's root, with a slash at its end
	Username    string
	DisplayName string
	Email       string
	Roles       []string
	Sessions    []Session
	Notice      string // what happened before, a sentence

	CanChangePassword bool
	MinPasswordLength int // in characters
	// Why the password wasn't changed, a sentence: of which field, or of neither.
	OldProblem, NewProblem, Problem string
}

// Session is one login of the person.
type Session struct {
	ID        string
	Program   string // what it is made with, readable
	Address   string
	StartedAt time.Time
	UsedAt    time.Time // to the hour; zero if it isn't known
	Current   bool      // the page is seen through it
}

// Account writes an account page.
func (s *Set) Account(w http.ResponseWriter, status int, a Account) error {
	return s.write(w, status, s.account, s.policies.own, accountPage{a})
}

// accountPage is what the template fills in.
type accountPage struct{ Account }

// Title is the page's name.
func (accountPage) Title() string { return "Your account" }

// Name is what to call the person.
func (p accountPage) Name() string {
	if p.DisplayName != "" {
		return p.DisplayName
	}
	return p.Username
}

// ReadableTime is t for people, who may be anywhere: in UTC, and saying so.
func (accountPage) ReadableTime(t time.Time) string {
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

// MachineTime is t as HTML's time element wants it.
func (accountPage) MachineTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
