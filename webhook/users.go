package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// accountBody is a user as the endpoint takes it: nil is a member that wasn't sent, and
// null in a merge patch (RFC 7396) empties.
type accountBody struct {
	Username    member[string]   `json:"username"`
	Password    member[string]   `json:"password"`
	DisplayName member[string]   `json:"displayName"`
	Email       member[string]   `json:"email"`
	Roles       member[[]string] `json:"roles"`
	Disabled    member[bool]     `json:"disabled"`
}

// accountView is a user as the endpoint shows it. There is no password in it to leak.
type accountView struct {
	ID          string    `json:"id"`
	Username    string    `json:"username"`
	DisplayName string    `json:"displayName"`
	Email       string    `json:"email"`
	Roles       []string  `json:"roles"`
	Disabled    bool      `json:"disabled"`
	CreatedAt   time.Time `json:"createdAt"`
}

func view(u *directory.User) accountView {
	return accountView{u.UID, u.Name, u.DisplayName, u.Email, slices.Concat([]string{}, u.Roles), u.Disabled, u.CreatedAt.UTC()}
}

// administrator returns the caller if they hold the realm's adminRole.
func (s *Service) administrator(r *http.Request, realm *directory.Realm) (caller, error) {
	who, err := s.require(r, realm)
	if err != nil {
		return caller{}, err
	}
	if role := realm.Settings().AdminRole; !who.holds(realm, role) {
		return caller{}, forbidden(reasonRoleMissing, "User does not have "+role+" role")
	}
	return who, nil
}

// holds tells whether a Role of that name exists and c has it effectively. Nobody holds "".
func (c caller) holds(realm *directory.Realm, role string) bool {
	return role != "" && c.subject.Grant.Has(role) && realm.Policy().HasRole(role)
}

func (s *Service) createUser(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	admin, err := s.administrator(r, realm)
	if err != nil {
		return err
	}
	var body accountBody
	if err := readJSON(r, &body, "application/json"); err != nil {
		return err
	}
	if !isName(body.Username.value) {
		return invalidField("username", "it has 1 to 63 lower-case letters, digits and hyphens, and a letter or digit at both ends")
	}
	if !body.Password.sent {
		return invalidField("password", "it is required")
	}
	hash, err := s.hash(r, realm, "password", body.Password)
	if err != nil {
		return err
	}
	account := Account{Username: body.Username.value}
	body.apply(&account)
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	user, err := s.Accounts.Create(ctx, realm.Namespace(), account, hash)
	if err != nil {
		return accountFailure(err)
	}
	s.audit.record(r, c, eventUserCreated, userAttr(user.Name), slog.String("by", admin.user.Name))
	w.Header().Set("Location", s.location(realm, c, user.Name))
	writeJSON(w, http.StatusCreated, view(user))
	return nil
}

func (s *Service) getUser(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	if _, err := s.administrator(r, realm); err != nil {
		return err
	}
	return s.withUser(w, r, c, http.StatusOK, func(ctx context.Context) (*directory.User, error) {
		return s.Accounts.Get(ctx, realm.Namespace(), c.param)
	})
}

func (s *Service) changeUser(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	admin, err := s.administrator(r, realm)
	if err != nil {
		return err
	}
	var body accountBody
	if err := readJSON(r, &body, "application/merge-patch+json", "application/json"); err != nil {
		return err
	}
	if body.Username.sent && body.Username.value != c.param {
		return invalidField("username", "a user can't be renamed: create another")
	}
	hash, err := s.hash(r, realm, "password", body.Password)
	if err != nil {
		return err
	}
	return s.withUser(w, r, c, http.StatusOK, func(ctx context.Context) (*directory.User, error) {
		user, err := s.Accounts.Change(ctx, realm.Namespace(), c.param, body.apply, hash)
		if err == nil {
			s.audit.record(r, c, eventUserChanged, userAttr(user.Name), slog.String("by", admin.user.Name))
		}
		return user, err
	})
}

func (s *Service) deleteUser(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	admin, err := s.administrator(r, realm)
	if err != nil {
		return err
	}
	return s.withUser(w, r, c, http.StatusNoContent, func(ctx context.Context) (*directory.User, error) {
		err := s.Accounts.Delete(ctx, realm.Namespace(), c.param)
		if err == nil {
			s.audit.record(r, c, eventUserDeleted, userAttr(c.param), slog.String("by", admin.user.Name))
		}
		return nil, err
	})
}

// withUser does something with the user that the path names, and answers with it.
func (s *Service) withUser(w http.ResponseWriter, r *http.Request, c *call, status int, do func(context.Context) (*directory.User, error)) error {
	if !isName(c.param) {
		return notFound("There is no such user")
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	user, err := do(ctx)
	switch {
	case err != nil:
		return accountFailure(err)
	case user == nil:
		w.WriteHeader(status)
	default:
		writeJSON(w, status, view(user))
	}
	return nil
}

// listUsers answers with a page of users.
func (s *Service) listUsers(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	if _, err := s.administrator(r, realm); err != nil {
		return err
	}
	limit, from, err := listing(c.query)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	users, next, err := s.Accounts.List(ctx, realm.Namespace(), limit, from)
	if err != nil {
		return accountFailure(err)
	}
	views := make([]accountView, 0, len(users))
	for _, u := range users {
		views = append(views, view(u))
	}
	writeJSON(w, http.StatusOK, struct {
		Users    []accountView `json:"users"`
		Continue string        `json:"continue"`
	}{views, next})
	return nil
}

// listing reads ?limit=&continue=. A page has at most 500 users, and 100 unless asked.
func listing(query string) (limit int64, from string, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return 0, "", badRequest("The query is malformed")
	}
	limit = 100
	for name, all := range values {
		switch {
		case len(all) != 1:
			return 0, "", badRequest(name + " came more than once")
		case name == "limit":
			if limit, err = strconv.ParseInt(all[0], 10, 64); err != nil || limit < 1 || limit > 500 {
				return 0, "", badRequest("limit is a number from 1 to 500")
			}
		case name == "continue":
			from = all[0]
		default:
			return 0, "", badRequest("The only parameters are limit and continue")
		}
	}
	return limit, from, nil
}

// apply changes a as the members that were sent say.
func (b *accountBody) apply(a *Account) {
	b.DisplayName.apply(&a.DisplayName)
	b.Email.apply(&a.Email)
	b.Roles.apply(&a.Roles)
	b.Disabled.apply(&a.Disabled)
}

// hash judges and hashes the new password of a field, or returns "" if none was sent.
func (s *Service) hash(r *http.Request, realm *directory.Realm, field string, sent member[string]) (string, error) {
	if !sent.sent {
		return "", nil
	}
	if err := password.CheckNew(sent.value, realm.Settings().MinPasswordLength); err != nil {
		return "", invalidField(field, err.Error())
	}
	var hash string
	var failed error
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	if err := s.Hashing.Do(ctx, s.source(r), func() { hash, failed = s.PasswordCost.Make(sent.value) }); err != nil {
		return "", tooMany("Too many passwords are being hashed: try again in a moment", time.Second)
	}
	return hash, failed
}

// location is the path of a user, below the realm by which the request came.
func (s *Service) location(realm *directory.Realm, c *call, name string) string {
	prefix := ""
	if c.named {
		prefix = "/realms/" + realm.Namespace()
	}
	return prefix + "/users/" + name
}

func invalidField(field, problem string) error {
	return &failure{status: http.StatusUnprocessableEntity, code: codeInvalidField, description: field + ": " + problem}
}

// accountFailure maps what a store says of a user.
func accountFailure(err error) error {
	var invalid *InvalidField
	var refused *Refused
	switch {
	case errors.As(err, &invalid):
		return invalidField(invalid.Field, invalid.Problem)
	case errors.As(err, &refused):
		return forbidden("", refused.Error())
	case errors.Is(err, ErrNotFound):
		return notFound("There is no such user")
	case errors.Is(err, ErrExists):
		return &failure{status: http.StatusConflict, code: codeAlreadyExists, description: "There is a user of this name"}
	case errors.Is(err, ErrConflict):
		return &failure{status: http.StatusConflict, code: codeConflict, description: "Somebody changed this user at the same time: read it again and retry"}
	default:
		return unavailable(err)
	}
}
