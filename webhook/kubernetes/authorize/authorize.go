// Package authorize tells the API server what users of Latchkey may do in it: it answers
// authorization.k8s.io/v1 SubjectAccessReviews by the kubernetesRules of Roles.
//
// It allows or has no opinion, and never denies: other authorizers, RBAC among them, keep
// their say. What is asked is read in request.go; access.go decides by the directory as it
// is at this moment, and by nothing that the question claims about the user but the name.
package authorize

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/review"
)

// Config is what a handler is made of. Every field is required.
type Config struct {
	Directory *directory.Directory // who exists, and what their Roles allow
	Stale     func() bool          // whether it may have missed changes for too long to decide by it

	// Realms are the namespaces whose Roles count in the API server
	// (--kubernetes-authorizer-realms); none: there is never an opinion.
	Realms []string
	// DefaultRealm is the namespace whose Roles may reach beyond it.
	DefaultRealm string

	Log        *slog.Logger
	Registerer prometheus.Registerer
}

type authorizer struct {
	Config
	reviews *prometheus.CounterVec
}

// New returns the handler of POST /kubernetes/authorize.
func New(c Config) (http.Handler, error) {
	if c.Directory == nil || c.Stale == nil || c.DefaultRealm == "" || c.Log == nil || c.Registerer == nil {
		return nil, errors.New("authorize: a required field of Config is missing")
	}
	for _, realm := range c.Realms {
		if !review.IsLabel(realm) {
			return nil, fmt.Errorf("authorize: %q is no namespace: name each realm whose Roles are to count, as in team-a,team-b", realm)
		}
	}
	c.Realms = slices.Clone(c.Realms)
	reviews, err := newMetrics(c.Registerer)
	if err != nil {
		return nil, fmt.Errorf("authorize: register metrics: %w", err)
	}
	a := &authorizer{c, reviews}
	return review.Review[authorizationv1.SubjectAccessReviewSpec, authorizationv1.SubjectAccessReviewStatus]{
		Group: authorizationv1.GroupName, Kind: "SubjectAccessReview", Decide: a.review, Problem: a.problem,
	}, nil
}

// problem is no opinion because of an error.
func (a *authorizer) problem(why string) authorizationv1.SubjectAccessReviewStatus {
	s := a.noOpinion(why)
	s.EvaluationError = s.Reason
	return s
}

func (a *authorizer) noOpinion(why string) authorizationv1.SubjectAccessReviewStatus {
	a.reviews.WithLabelValues(resultNoOpinion).Inc()
	return authorizationv1.SubjectAccessReviewStatus{Reason: "latchkey: " + why}
}

// review says whether a Role of the user allows what spec asks for.
func (a *authorizer) review(_ context.Context, spec authorizationv1.SubjectAccessReviewSpec) authorizationv1.SubjectAccessReviewStatus {
	realm, name, ok := review.ParseName(spec.User)
	switch {
	case !ok:
		return a.noOpinion("not a user of Latchkey")
	case !slices.Contains(a.Realms, realm):
		return a.noOpinion("the Roles of this realm don't count here (--kubernetes-authorizer-realms)")
	case a.Stale():
		return a.problem("changes may have been missed for too long (--max-staleness)")
	}
	asked, why := request(spec)
	if why != "" {
		return a.noOpinion(why)
	}
	by, why := a.decide(realm, name, spec.UID, asked)
	if why != "" {
		return a.noOpinion(why)
	}
	a.reviews.WithLabelValues(resultAllowed).Inc()
	a.Log.Debug("allowed in the API server", "realm", realm, "user", name, "role", by.role, "verb", asked.Verb)
	return authorizationv1.SubjectAccessReviewStatus{Allowed: true, Reason: fmt.Sprintf("latchkey: allowed by kubernetesRules[%d] of Role %s/%s", by.rule, realm, by.role)}
}
