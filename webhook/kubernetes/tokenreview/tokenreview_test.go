package tokenreview_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/latchkey-auth/latchkey/webhook/kubernetes/tokenreview"
)

func TestATokenBecomesAUser(t *testing.T) {
	for sentence, c := range map[string]struct {
		users map[string]tokenreview.Identity
		token string
		want  authenticationv1.UserInfo
	}{
		"of the default realm": {
			map[string]tokenreview.Identity{"latchkey": ada}, aToken(accessHeader, adas),
			authenticationv1.UserInfo{Username: "latchkey:latchkey:ada", UID: "uid-of-ada", Groups: []string{"latchkey:latchkey:editor", "latchkey:latchkey:viewer"}}},
		"of another realm": {
			map[string]tokenreview.Identity{"team-a": ada}, aToken(accessHeader, strings.Replace(adas, issuer, teams, 1)),
			authenticationv1.UserInfo{Username: "latchkey:team-a:ada", UID: "uid-of-ada", Groups: []string{"latchkey:team-a:editor", "latchkey:team-a:viewer"}}},
		"of the realm that verifies it, where two claim one issuer": {
			map[string]tokenreview.Identity{"a-thief": ada}, aToken(accessHeader, adas),
			authenticationv1.UserInfo{Username: "latchkey:a-thief:ada", UID: "uid-of-ada", Groups: []string{"latchkey:a-thief:editor", "latchkey:a-thief:viewer"}}},
		"without roles": {
			map[string]tokenreview.Identity{"latchkey": {UID: ada.UID, Name: "ada"}}, aToken(accessHeader, adas),
			authenticationv1.UserInfo{Username: "latchkey:latchkey:ada", UID: "uid-of-ada"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := ask(t, newHandler(t, &service{users: c.users}), c.token, "https://kubernetes.default.svc")
			want := authenticationv1.TokenReviewStatus{Authenticated: true, User: c.want, Audiences: []string{"https://kubernetes.default.svc"}}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestAudiences(t *testing.T) {
	const cluster, another = "https://kubernetes.default.svc", "https://another"
	one := aToken(accessHeader, strings.Replace(adas, `["https://auth.example.com","https://kubernetes.default.svc"]`, `"https://auth.example.com"`, 1))
	for sentence, c := range map[string]struct {
		token       string
		asked, want []string
		ok          bool
	}{
		"those of both":                           {aToken(accessHeader, adas), []string{another, cluster, issuer}, []string{cluster, issuer}, true},
		"each once":                               {aToken(accessHeader, adas), []string{cluster, cluster}, []string{cluster}, true},
		"one that is a text":                      {one, []string{issuer}, []string{issuer}, true},
		"none where none was asked for":           {aToken(accessHeader, adas), nil, nil, true},
		"a token for others is nobody's":          {aToken(accessHeader, adas), []string{another}, nil, false},
		"a part of an audience is none":           {aToken(accessHeader, adas), []string{"https://kubernetes.default"}, nil, false},
		"an audience in other letters is another": {aToken(accessHeader, adas), []string{"HTTPS://kubernetes.default.svc"}, nil, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := &service{users: map[string]tokenreview.Identity{"latchkey": ada}}
			got := ask(t, newHandler(t, s), c.token, c.asked...)
			if got.Authenticated != c.ok || !reflect.DeepEqual(got.Audiences, c.want) || got.Error != "" {
				t.Errorf("%+v", got)
			}
			if !c.ok && len(s.asked) > 0 {
				t.Errorf("the service was asked about a token that is for others")
			}
		})
	}
}

// What the API server shows here is any bearer token that others refused.
func TestWhatIsNoTokenOfOursAsksNobody(t *testing.T) {
	for sentence, token := range map[string]string{
		"nothing":                     "",
		"an opaque token":             "0a1b2c3d4e5f",
		"a bootstrap token":           "abcdef.0123456789abcdef",
		"another issuer's":            aToken(accessHeader, strings.Replace(adas, issuer, "https://accounts.example.com", 1)),
		"an issuer in other letters":  aToken(accessHeader, strings.Replace(adas, issuer, "https://AUTH.example.com", 1)),
		"an issuer with a slash more": aToken(accessHeader, strings.Replace(adas, issuer+`"`, issuer+`/"`, 1)),
		"no issuer":                   aToken(accessHeader, `{"sub":"uid-of-ada","aud":"a"}`),
		"no audience":                 aToken(accessHeader, `{"iss":"https://auth.example.com","sub":"uid-of-ada"}`),
		"no subject":                  aToken(accessHeader, `{"iss":"https://auth.example.com","aud":"a"}`),
		"two issuers":                 aToken(accessHeader, `{"iss":"https://accounts.example.com",`+adas[1:]),
		"an issuer in capitals":       aToken(accessHeader, strings.Replace(adas, `"iss"`, `"ISS"`, 1)),
		"audiences of another type":   aToken(accessHeader, strings.Replace(adas, `"https://kubernetes.default.svc"`, `5`, 1)),
		"a refresh token":             aToken(`{"typ":"rt+jwt","alg":"HS256","kid":"k"}`, adas),
		"a session cookie":            aToken(`{"typ":"session+jwt","alg":"HS256","kid":"k"}`, adas),
		"an ID token":                 aToken(`{"typ":"JWT","alg":"ES256","kid":"k"}`, adas),
		"no type":                     aToken(`{"alg":"ES256","kid":"k"}`, adas),
		"two types":                   aToken(`{"typ":"rt+jwt","typ":"at+jwt"}`, adas),
		"a header that is no JSON":    aToken(`at+jwt`, adas),
		"no signature":                strings.TrimSuffix(aToken(accessHeader, adas), "c2lnbmF0dXJl"),
		"a segment more":              aToken(accessHeader, adas) + ".",
		"a segment less":              strings.TrimSuffix(aToken(accessHeader, adas), ".c2lnbmF0dXJl"),
		"a space before":              " " + aToken(accessHeader, adas),
		"a line break within":         aToken(accessHeader, adas) + "\n",
		"padding":                     aToken(accessHeader, adas) + "=",
		"more than 4 KiB":             aToken(accessHeader, strings.Replace(adas, `{`, `{"x":"`+strings.Repeat("x", 4<<10)+`",`, 1)),
	} {
		t.Run(sentence, func(t *testing.T) {
			s := &service{users: map[string]tokenreview.Identity{"latchkey": ada}}
			got := ask(t, newHandler(t, s), token)
			if !reflect.DeepEqual(got, authenticationv1.TokenReviewStatus{}) || len(s.asked) > 0 {
				t.Errorf("%+v, and %q were asked", got, s.asked)
			}
		})
	}
}

func TestOnlyTheRealmsOfTheIssuerAreAsked(t *testing.T) {
	s := &service{}
	ask(t, newHandler(t, s), aToken(accessHeader, strings.Replace(adas, issuer, teams, 1)))
	if !reflect.DeepEqual(s.asked, []string{"team-a"}) {
		t.Errorf("%q were asked", s.asked)
	}
}

// A realm that claims another's issuer doesn't keep the other's users out.
func TestARealmCannotTakeAnothersIssuerAway(t *testing.T) {
	s := &service{users: map[string]tokenreview.Identity{"latchkey": ada}}
	if got := ask(t, newHandler(t, s), aToken(accessHeader, adas)); got.User.Username != "latchkey:latchkey:ada" {
		t.Errorf("%+v", got)
	}
	if !reflect.DeepEqual(s.asked, []string{"a-thief", "latchkey"}) {
		t.Errorf("%q were asked", s.asked)
	}
}

func TestRefusals(t *testing.T) {
	for sentence, c := range map[string]struct {
		service *service
		fails   bool // it isn't known, which the API server must not remember
	}{
		"a token that the service refuses is nobody's":          {&service{}, false},
		"without the service it isn't known":                    {&service{err: errors.New("connection refused")}, true},
		"the service can't answer for another of this name":     {&service{users: map[string]tokenreview.Identity{"latchkey": {UID: "another", Name: "ada"}}}, true},
		"the service can't answer for somebody of another name": {&service{users: map[string]tokenreview.Identity{"latchkey": {UID: "uid-of-ada", Name: "eve"}}}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := ask(t, newHandler(t, c.service), aToken(accessHeader, adas))
			if got.Authenticated || (got.Error != "") != c.fails || got.User.Username != "" {
				t.Errorf("%+v", got)
			}
			if strings.Contains(got.Error, "connection") {
				t.Errorf("the cause is told: %s", got.Error)
			}
		})
	}
}

// How questions are read is package review's; which are ours is said here.
func TestOnlyTokenReviewsOfV1AreDecided(t *testing.T) {
	for sentence, c := range map[string]struct {
		body          string
		code          int
		version, says string
	}{
		"an older version is answered in it": {
			`{"apiVersion":"authentication.k8s.io/v1beta1","kind":"TokenReview","spec":{"token":"` + aToken(accessHeader, adas) + `"}}`,
			http.StatusOK, "authentication.k8s.io/v1beta1", "set the version of this webhook to v1"},
		"another kind": {`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`, http.StatusBadRequest, "authentication.k8s.io/v1", "this isn't a TokenReview of authentication.k8s.io/v1"},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := &service{users: map[string]tokenreview.Identity{"latchkey": ada}}
			code, got := post(t, newHandler(t, s), c.body)
			if code != c.code || got.APIVersion != c.version || got.Kind != "TokenReview" || got.Status.Authenticated || !strings.Contains(got.Status.Error, c.says) || len(s.asked) > 0 {
				t.Errorf("%d: %+v", code, got)
			}
		})
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	if _, err := tokenreview.New(tokenreview.Config{}); err == nil {
		t.Error("an empty Config is taken")
	}
}
