package main

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// The realm that the real server is measured with.
const (
	realmName = "bench"
	issuer    = "https://auth.example.test"

	realmRoles  = 100
	realmRules  = 1_000
	realmUsers  = 10_000
	realmHosts  = 5
	revoked     = 1_000 // tokens, beside those that are sent
	everybodys  = 0     // the role that every user holds
	tokenLives  = 30 * time.Minute
	userVersion = 1
)

// What the checks of all phases ask for; ruleHost and rulePath are of a rule of everybodys.
const (
	serviceHost  = "latchkey.example.test"
	roleTarget   = "/check/role/role-0"
	policyTarget = "/check/nginx?host=" + ruleHost
	ruleHost     = "app-0.example.test"
	ruleTarget   = "/teams/team-0/reports/2031/pdf"
	// Sent in every phase, also where they aren't read, so that all servers parse the same.
	originalRequest = "X-Original-URL: https://" + ruleHost + ruleTarget + "\r\nX-Original-Method: GET\r\n"
)

func roleName(i int) string { return fmt.Sprintf("role-%d", i) }
func userName(i int) string { return fmt.Sprintf("user-%07d", i) }
func userUID(i int) string  { return fmt.Sprintf("6d1f0f6e-3c52-4b6e-9d2a-%012d", i) }

// aUser is a user with three of a hundred roles, everybodys among them.
func aUser(i int) directory.Item[directory.User] {
	name := userName(i)
	return directory.Item[directory.User]{
		Namespace: realmName, Name: name, UID: userUID(i), Version: userVersion,
		Value: directory.User{
			Name: name, UID: userUID(i), DisplayName: fmt.Sprintf("User Number %d", i), Email: name + "@example.test",
			Roles:          []string{roleName(everybodys), roleName(1 + i%49), roleName(50 + i/49%50)},
			PasswordSecret: name + "-password", CreatedAt: time.Unix(1_700_000_000, 0),
		},
	}
}

// someRules are n rules, each with a path of its own, spread over hosts and roles.
func someRules(n int) []policy.Role {
	roles := make([]policy.Role, min(n, realmRoles))
	for i := range roles {
		roles[i].Name = roleName(i)
	}
	for i := range n {
		role := &roles[i%len(roles)]
		role.Rules = append(role.Rules, policy.Rule{
			Hosts:   []string{fmt.Sprintf("app-%d.example.test", i%realmHosts)},
			Paths:   []string{fmt.Sprintf("/teams/team-%d/reports/*/pdf", i)},
			Methods: []string{"GET", "POST"},
		})
	}
	return roles
}

// fill puts a whole realm into a directory, whose keys began at now.
func fill(d *directory.Directory, now time.Time) error {
	settings := directory.Settings{
		Issuer: issuer, Audiences: []string{issuer}, Algorithm: token.ES256, AccessTTL: tokenLives, RefreshTTL: time.Hour,
		Headers: directory.IdentityHeaders{User: "X-Auth-Request-User", UID: "X-Auth-Request-Uid", Email: "X-Auth-Request-Email", Groups: "X-Auth-Request-Groups"},
	}
	d.Settings().Put(directory.Item[directory.Settings]{Namespace: realmName, Name: "default", UID: "realm", Version: 1, Value: settings})
	generation, err := token.NewGeneration(token.ES256, token.Active, now, now, now.Add(24*time.Hour), rand.Reader)
	if err != nil {
		return err
	}
	document := token.Document{Generations: []token.Generation{generation}}
	d.Keys().Put(directory.Item[token.Document]{Namespace: realmName, Name: "keys", UID: "keys", Version: 1, Value: document})
	var roles []directory.Item[directory.Role]
	for _, r := range someRules(realmRules) {
		roles = append(roles, directory.Item[directory.Role]{Namespace: realmName, Name: r.Name, UID: r.Name, Version: 1, Value: r})
	}
	d.Roles().Replace(roles, 1)
	users := make([]directory.Item[directory.User], realmUsers)
	for i := range users {
		users[i] = aUser(i)
	}
	d.Users().Replace(users, 1)
	var revocations []directory.Item[directory.Revocation]
	for range revoked {
		jti := rand.Text()
		revocations = append(revocations, directory.Item[directory.Revocation]{
			Namespace: realmName, Name: strings.ToLower(jti), UID: jti, Version: 1, Value: directory.Revocation{TokenID: jti},
		})
	}
	d.Revocations().Replace(revocations, 1)
	return nil
}

// mint signs an access token of a user of the realm, as a login would.
func mint(r *directory.Realm, user int, now time.Time) (string, error) {
	now = now.Truncate(time.Second)
	return r.Keys().Sign(token.Access, token.Claims{
		Issuer: issuer, Audience: []string{issuer}, ClientID: "latchkey",
		Subject: userUID(user), Username: userName(user), ID: rand.Text(), SessionID: strings.ToLower(rand.Text()),
		IssuedAt: now, ExpiresAt: now.Add(tokenLives), AuthTime: now,
		Roles: r.Subject(r.User(userName(user))).Grant.Roles(),
	})
}
