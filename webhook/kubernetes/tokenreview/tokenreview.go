// Package tokenreview tells the API server whose access token somebody has shown it: it
// answers authentication.k8s.io/v1 TokenReviews.
//
// It holds no key, so that its process need hold none. What a token says is read to find
// the realm that it claims to be of (claims.go), and then the service of that realm is
// asked whose it is (profile.go), which judges it as it does for every app: by the
// signature, the time, and what is revoked at this moment. Until the service has said so,
// nothing in a token is believed.
package tokenreview

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/review"
)

// ErrRefused says that a token is nobody's at this moment.
var ErrRefused = errors.New("token refused")

// Identity is whose token it is.
type Identity struct {
	UID, Name string
	Roles     []string // effective ones
}

// Identifier knows whose token it is.
type Identifier interface {
	// Identify returns whose live access token of a realm this is; ErrRefused if it is
	// nobody's, and any other error if that can't be said.
	Identify(ctx context.Context, realm, token string) (Identity, error)
}

// Config is what a handler is made of. Every field is required.
type Config struct {
	Directory  *directory.Directory // which realms there are, and their issuers
	Identifier Identifier
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// identifyTimeout is how long the service may take: less than the 10 s that the API
// server waits for this answer.
const identifyTimeout = 5 * time.Second

type reviewer struct {
	Config
	reviews *prometheus.CounterVec
}

// New returns the handler of POST /kubernetes/tokenreview.
func New(c Config) (http.Handler, error) {
	if c.Directory == nil || c.Identifier == nil || c.Log == nil || c.Registerer == nil {
		return nil, errors.New("tokenreview: a required field of Config is missing")
	}
	reviews, err := newMetrics(c.Registerer)
	if err != nil {
		return nil, fmt.Errorf("tokenreview: register metrics: %w", err)
	}
	r := &reviewer{c, reviews}
	return review.Review[authenticationv1.TokenReviewSpec, authenticationv1.TokenReviewStatus]{
		Group: authenticationv1.GroupName, Kind: "TokenReview", Decide: r.review, Problem: r.problem,
	}, nil
}

// problem says why there is no answer. The API server logs it and asks again with the next
// request: it remembers refusals, but no errors.
func (r *reviewer) problem(why string) authenticationv1.TokenReviewStatus {
	r.reviews.WithLabelValues(resultFailed).Inc()
	return authenticationv1.TokenReviewStatus{Error: "latchkey: " + why}
}

func (r *reviewer) refused(result string) authenticationv1.TokenReviewStatus {
	r.reviews.WithLabelValues(result).Inc()
	return authenticationv1.TokenReviewStatus{}
}

// review says whose token spec holds.
func (r *reviewer) review(ctx context.Context, spec authenticationv1.TokenReviewSpec) authenticationv1.TokenReviewStatus {
	said, ok := read(spec.Token)
	if !ok {
		return r.refused(resultForeign)
	}
	audiences, ok := said.within(spec.Audiences)
	if !ok {
		return r.refused(resultForeign)
	}
	ctx, cancel := context.WithTimeout(ctx, identifyTimeout)
	defer cancel()
	realm, who, err := r.identify(ctx, said, spec.Token)
	switch {
	case errors.Is(err, errForeign):
		return r.refused(resultForeign)
	case errors.Is(err, ErrRefused):
		return r.refused(resultRefused)
	case err != nil:
		r.Log.Info("can't tell whose token it is: the service doesn't answer as it should", "realm", realm, "reason", err.Error())
		return r.problem("the service doesn't answer as it should")
	}
	r.reviews.WithLabelValues(resultAuthenticated).Inc()
	return authenticationv1.TokenReviewStatus{Authenticated: true, User: userInfo(realm, who), Audiences: audiences}
}

// errForeign says that no realm has the issuer that a token names.
var errForeign = errors.New("no realm has this issuer")

// identify asks the realms of the token's issuer whose it is. There is one, unless a realm
// claims another's issuer: that one can't keep the other's users out, and what it says
// itself is said of its own users.
func (r *reviewer) identify(ctx context.Context, said claims, token string) (realm string, who Identity, err error) {
	err = errForeign
	for _, namespace := range r.Directory.Realms() {
		known := r.Directory.Realm(namespace)
		if known == nil || known.Settings().Unusable != "" || known.Settings().Issuer != said.Issuer {
			continue
		}
		who, asked := r.Identifier.Identify(ctx, namespace, token)
		if asked == nil {
			asked = said.isOf(who)
		}
		if asked == nil {
			return namespace, who, nil
		}
		if errors.Is(err, errForeign) || !errors.Is(asked, ErrRefused) {
			realm, err = namespace, asked // that one couldn't be asked counts more than that another refused
		}
	}
	return realm, Identity{}, err
}

// userInfo is how the API server knows somebody.
func userInfo(realm string, who Identity) authenticationv1.UserInfo {
	groups := make([]string, 0, len(who.Roles))
	for _, role := range who.Roles {
		groups = append(groups, review.Name(realm, role))
	}
	slices.Sort(groups)
	return authenticationv1.UserInfo{Username: review.Name(realm, who.Name), UID: who.UID, Groups: groups}
}
