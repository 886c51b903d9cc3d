package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/cmd/prompt"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// longestAccess is the longest that an access token can live.
const longestAccess = 24 * time.Hour

// revoke ends the login of a token that was found where it shouldn't be, or one token.
func revoke(k *kubectl) *cobra.Command {
	var (
		sid, jti string
		end      enforcement
	)
	cmd := &cobra.Command{
		Use:   "revoke TOKEN|-",
		Short: "End the login that a token belongs to",
		Long: `End the login that an access or refresh token belongs to, by a RevokedToken that is written by the rights of your
kubeconfig, and return when every replica refuses its tokens. Doing it twice is doing it once.

Write - and give the token on standard input: arguments stay in the shell's history, and other processes can read them.
No key is at hand here, so the token's signature isn't checked; a token that doesn't fit its login or the realm is refused.`,
		Example: `  pbpaste | kubectl latchkey revoke -
  kubectl latchkey revoke --sid 3l2n…`,
		Args:              onlyOne("token"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && sid == "" && jti == "" {
				return errors.New("say what to revoke: -, and the token on standard input, or --sid, or --jti")
			}
			if len(args) > 0 && (sid != "" || jti != "") {
				return errors.New("a token says its sid and jti by itself: leave --sid and --jti out, or the token")
			}
			c, err := k.cluster()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				if sid, err = loginOf(cmd.Context(), k, c, args[0]); err != nil {
					return err
				}
			}
			var name string
			if sid != "" {
				name, err = revokeLogin(cmd.Context(), c, sid, end.reason)
			} else {
				name, err = revokeToken(cmd.Context(), c, jti, end.reason)
			}
			if err != nil {
				return err
			}
			return end.await(cmd.Context(), k, c, name)
		},
	}
	cmd.Flags().StringVar(&sid, "sid", "", "end the login of this sid, which is the name of its Session")
	cmd.Flags().StringVar(&jti, "jti", "", "refuse the one access token of this jti")
	cmd.MarkFlagsMutuallyExclusive("sid", "jti")
	end.register(cmd.Flags(), "token revoked by an administrator")
	_ = cmd.RegisterFlagCompletionFunc("sid", k.completeSessions)
	return cmd
}

// claims are what a token says of its login.
type claims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	SessionID string `json:"sid"`
	User      string `json:"preferred_username"`
}

// parse reads the claims of a token, unverified. No error quotes it.
func parse(raw string) (claims, error) {
	var c claims
	parts := strings.Split(raw, ".")
	if len(raw) > token.MaxSize || len(parts) != 3 {
		return c, errors.New("this isn't a token of Latchkey's: it has three parts with dots between, and at most 4 KiB")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &c) != nil || c.SessionID == "" {
		return c, errors.New("this isn't a token of Latchkey's: it names no login (sid)")
	}
	return c, nil
}

// loginOf returns the sid that a token names, unless the token can't be of that login: whoever made it up may want
// that somebody's login ends.
func loginOf(ctx context.Context, k *kubectl, c *clusterClient, raw string) (string, error) {
	if raw == "-" {
		var err error
		if raw, err = prompt.Password(ctx, k.In, k.ErrOut, "Token: "); err != nil {
			return "", err
		}
	}
	said, err := parse(strings.TrimSpace(raw))
	if err != nil {
		return "", err
	}
	realm := &v1alpha1.Realm{}
	switch err := c.Get(ctx, c.key(v1alpha1.RealmName), realm); {
	case apierrors.IsForbidden(err):
		fmt.Fprintln(k.ErrOut, "note: nobody checks whether the token is of this realm:", err)
	case err != nil:
		return "", err
	case realm.Status.Issuer != "" && realm.Status.Issuer != said.Issuer:
		return "", fmt.Errorf("the token is of issuer %q, and realm %q is %q: name its realm with --namespace", said.Issuer, c.realm, realm.Status.Issuer)
	}
	session := &v1alpha1.Session{}
	switch err := c.Get(ctx, c.key(said.SessionID), session); {
	case apierrors.IsNotFound(err):
		fmt.Fprintf(k.ErrOut, "note: there is no Session %q, so this login has ended already, or never was\n", said.SessionID)
	case err != nil:
		return "", err
	case string(session.Spec.User.UID) != said.Subject:
		return "", fmt.Errorf("the token is forged: login %q isn't of the user that it names; nothing was revoked", said.SessionID)
	default:
		fmt.Fprintf(k.ErrOut, "it is of a login of %s\n", session.Spec.User.Name)
	}
	return said.SessionID, nil
}

// revokeLogin ends a login as the service does, with the same name.
func revokeLogin(ctx context.Context, c *clusterClient, sid, reason string) (string, error) {
	err := cluster.New(c, nowhere{}, time.Now).End(ctx, c.realm, sid, reason)
	return v1alpha1.SessionRevocationName(sid), told(err)
}

// revokeToken refuses one access token.
func revokeToken(ctx context.Context, c *clusterClient, jti, reason string) (string, error) {
	t := &v1alpha1.RevokedToken{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.realm, Name: v1alpha1.TokenRevocationName(jti)},
		Spec: v1alpha1.RevokedTokenSpec{
			TokenID: jti, Reason: reason, ExpiresAt: &metav1.Time{Time: time.Now().Add(longestAccess)},
		},
	}
	if err := c.Create(ctx, t); err != nil && !apierrors.IsAlreadyExists(err) {
		return "", err
	}
	return t.Name, nil
}
