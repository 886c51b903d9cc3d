package credential

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// margin is how long a token must be good for at least, so that it is when it arrives.
const margin = 10 * time.Second

// ErrNobodyToAsk says that it takes a password, and nobody is there to type one.
var ErrNobodyToAsk = errors.New("nobody can be asked for a password here")

// Source gets tokens of one login.
type Source struct {
	// Login is whose.
	Login Login
	// Service is where they log in.
	Service *Service
	// Store is where the login is kept.
	Store Store
	// Now is the machine's time.
	Now func() time.Time
	// Ask asks for the password.
	Ask func(ctx context.Context) (string, error)
}

// Access is a token and when it ends, by this machine's clock.
type Access struct {
	Token   Token
	Expires time.Time
}

// Token returns an access token: the one that is kept, while the service accepts it; else one for the
// refresh token; and only when the login has ended, one for the password.
func (s *Source) Token(ctx context.Context) (Access, error) {
	h, err := s.Store.hold(ctx, s.Login)
	if err != nil {
		return Access{}, err
	}
	defer h.release()
	kept, err := h.load()
	if err != nil {
		return Access{}, err
	}
	if kept != nil {
		access, err := s.fromKept(ctx, h, kept)
		if !errors.Is(err, ErrEnded) {
			return access, err
		}
		if err := h.drop(); err != nil {
			return Access{}, err
		}
	}
	password, err := s.Ask(ctx)
	if err != nil {
		return Access{}, err
	}
	asked := s.Now()
	g, err := s.Service.password(ctx, s.Login.User, password)
	if err != nil {
		return Access{}, fmt.Errorf("log in %s: %w", s.Login, err)
	}
	return s.keep(h, g, asked)
}

// fromKept needs no password. ErrEnded: there is no other way any more.
func (s *Source) fromKept(ctx context.Context, h *held, kept *Kept) (Access, error) {
	if s.Now().Add(margin).Before(kept.Expires) {
		// When nobody says that it is dead it is used: who is asked next may know better.
		if alive, err := s.Service.alive(ctx, kept.Access); alive || err != nil {
			return Access{kept.Access, kept.Expires}, nil
		}
	}
	asked := s.Now()
	g, err := s.Service.refresh(ctx, kept.Refresh)
	if err != nil {
		return Access{}, fmt.Errorf("refresh the login of %s: %w", s.Login, err)
	}
	return s.keep(h, g, asked)
}

// keep stores what was granted. Its life counts from the question, so that it is never taken for longer than it is.
func (s *Source) keep(h *held, g grant, asked time.Time) (Access, error) {
	expires := asked.Add(time.Duration(g.ExpiresIn) * time.Second).UTC().Truncate(time.Second)
	if err := h.save(Kept{Access: g.Access, Expires: expires, Refresh: g.Refresh}); err != nil {
		return Access{}, err
	}
	return Access{g.Access, expires}, nil
}

// End ends the login and forgets it. False: none is kept. One that couldn't be ended is kept.
func (s *Source) End(ctx context.Context) (bool, error) {
	h, err := s.Store.hold(ctx, s.Login)
	if err != nil {
		return false, err
	}
	defer h.release()
	kept, err := h.load()
	if err != nil || kept == nil {
		return false, err
	}
	if err := s.Service.end(ctx, kept); err != nil {
		return true, fmt.Errorf("end the login of %s: %w", s.Login, err)
	}
	return true, h.drop()
}
