package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// waitUntilReady returns when a person could begin: every object is Ready, every replica knows the
// viewer, and the viewer gets through the proxy while nobody else does.
func (d *demo) waitUntilReady(ctx context.Context) error {
	for _, kind := range []string{"lkrealm", "lkrole", "lkuser"} {
		if _, err := d.kubectl.Run(ctx, "--namespace", stack.Namespace, "wait", "--for=condition=Ready", "--all", "--timeout=60s", kind); err != nil {
			return err
		}
	}
	client := stack.NewClient(d.serving()[0].URL())
	tokens, err := client.Login(ctx, d.samples.Logins["viewer"])
	if err != nil {
		return fmt.Errorf("log in as the viewer: %w", err)
	}
	for _, s := range d.serving() {
		if err := eventually(ctx, s.URL()+"/check/role/authenticated", tokens.Access, http.StatusOK); err != nil {
			return err
		}
	}
	for bearer, want := range map[string]int{tokens.Access: http.StatusOK, "": http.StatusUnauthorized} {
		if err := eventually(ctx, d.proxy.URL()+"/reports/hello", bearer, want); err != nil {
			return err
		}
	}
	return nil
}

// eventually asks until the answer is want, which takes the time that a watch takes.
func eventually(ctx context.Context, url, bearer string, want int) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := stack.Ask(ctx, url, bearer)
		if err == nil && status == want {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("GET %s answers %d, not %d: %w", url, status, want, cmp.Or(err, ctx.Err()))
		}
	}
}

// announce writes .demo/env, which says that everything is ready, and what is worth trying.
func (d *demo) announce() error {
	if err := d.folder.write("env", d.environment()); err != nil {
		return err
	}
	_, err := fmt.Fprint(d.progress, d.invitation())
	return err
}

// environment is .demo/env: lines for a shell to source.
func (d *demo) environment() string {
	var urls, operations []string
	for _, s := range d.serving() {
		urls = append(urls, s.URL())
		operations = append(operations, s.OperationsURL())
	}
	lines := [][2]string{
		{"KUBECONFIG", d.folder.file("kubeconfig")},
		{"LATCHKEY_NAMESPACE", stack.Namespace},
		{"LATCHKEY_URL", urls[0]},
		{"LATCHKEY_OPS_URL", operations[0]},
		{"LATCHKEY_URLS", strings.Join(urls, " ")},
		{"LATCHKEY_OPS_URLS", strings.Join(operations, " ")},
		{"APP_URL", d.proxy.URL()},
		{"APP_PAGE", d.appPage()},
		{"ACCOUNT_PAGE", d.accountPage()},
	}
	for _, role := range []string{"admin", "editor", "viewer"} {
		login := d.samples.Logins[role]
		name := strings.ToUpper(role)
		lines = append(lines, [2]string{name + "_USER", login.User}, [2]string{name + "_PASSWORD", login.Password})
	}
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "export %s=%s\n", line[0], quoted(line[1]))
	}
	return b.String()
}

// quoted is value as a word of the shell.
func quoted(value string) string {
	plain := strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:") == ""
	if plain && value != "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// invitation is what a person reads when everything is ready.
func (d *demo) invitation() string {
	var b strings.Builder
	data := map[string]string{"Env": d.folder.file("env"), "Kubectl": d.kubectl.Binary(), "Proxy": string(d.tools.proxy), "Another": "another replica"}
	login := d.samples.Logins["viewer"]
	data["AppPage"], data["AccountPage"], data["User"], data["Password"] = d.appPage(), d.accountPage(), login.User, login.Password
	if d.replicas == 1 {
		data["Another"] = "the same replica (DEMO_REPLICAS=3 has others)"
	}
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, data["Env"]); err == nil && !strings.HasPrefix(short, "..") {
			data["Env"] = short
		}
	}
	data["Env"] = quoted(data["Env"])
	if err := template.Must(template.New("").Parse(invitation)).Execute(&b, data); err != nil {
		return err.Error() + "\n"
	}
	return b.String()
}

const invitation = `
Ready. A sample app is behind {{.Proxy}}, which asks Latchkey before every request. In a browser on this machine, open

  {{.AppPage}}   as {{.User}}, whose password is {{.Password}}
  {{.AccountPage}}   shows where {{.User}} is signed in; try the app's /admin for a 403

In another terminal:

  . {{.Env}}

Then try:

  curl -i $APP_URL/reports/hello                                     # 401: nobody knows you
  LOGIN=$(curl -s $LATCHKEY_URL/token -d grant_type=password -d username=$VIEWER_USER -d password=$VIEWER_PASSWORD)
  TOKEN=$(echo "$LOGIN" | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')
  REFRESH=$(echo "$LOGIN" | sed 's/.*"refresh_token": *"\([^"]*\)".*/\1/')
  curl -i -H "Authorization: Bearer $TOKEN" $APP_URL/reports/hello   # 200: the app knows you; try /admin for a 403

The login goes on at {{.Another}}, and ends at all with one logout:

  curl -s ${LATCHKEY_URLS##* }/token -d grant_type=refresh_token -d refresh_token=$REFRESH   # new tokens
  curl -s -H "Authorization: Bearer $TOKEN" ${LATCHKEY_URLS##* }/sessions            # your logins
  curl -s -X POST -H "Authorization: Bearer $TOKEN" $LATCHKEY_URL/logout
  {{.Kubectl}} -n $LATCHKEY_NAMESPACE wait --for=condition=Enforced --all lkrevoked   # until every replica refuses it
  {{.Kubectl}} -n $LATCHKEY_NAMESPACE get lkrevoked
  curl -i -H "Authorization: Bearer $TOKEN" $APP_URL/reports/hello   # 401 again

What kubectl changes holds on the next request:

  {{.Kubectl}} -n $LATCHKEY_NAMESPACE patch lkuser $VIEWER_USER --type merge -p '{"spec":{"disabled":true}}'   # and nobody logs in as the viewer
  {{.Kubectl}} -n $LATCHKEY_NAMESPACE get latchkey                        # realm, roles, users, sessions, revocations

Latchkey's audit log follows; Ctrl-C ends the demo.

`
