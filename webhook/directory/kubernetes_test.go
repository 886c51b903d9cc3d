package directory_test

import (
	"reflect"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// readsPods is a Role with one rule for the API server.
func readsPods(name string, includes ...string) policy.Role {
	role := aRole(name, includes...)
	role.KubernetesRules = []policy.KubernetesRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}
	return role
}

func TestKubernetesRules(t *testing.T) {
	ann := func(d *directory.Directory, roles ...string) {
		d.Users().Put(item("ann", "u", 1, directory.User{Roles: roles}))
	}
	for sentence, c := range map[string]struct {
		writes func(*directory.Directory)
		want   []string // Roles whose rules ann has
	}{
		"without Roles there are none": {func(d *directory.Directory) { ann(d, "ops") }, nil},
		"of a Role that is held": {func(d *directory.Directory) {
			ann(d, "ops")
			d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
		}, []string{"ops"}},
		"of no Role that isn't held": {func(d *directory.Directory) {
			ann(d, "viewer")
			d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
			d.Roles().Put(item("viewer", "v", 2, aRole("viewer")))
		}, nil},
		"of a Role that is included by one that is": {func(d *directory.Directory) {
			ann(d, "lead")
			d.Roles().Put(item("lead", "l", 1, aRole("lead", "viewer")))
			d.Roles().Put(item("viewer", "v", 2, aRole("viewer", "ops")))
			d.Roles().Put(item("ops", "o", 3, readsPods("ops")))
		}, []string{"ops"}},
		"of several Roles, by name": {func(d *directory.Directory) {
			ann(d, "ops", "build")
			d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
			d.Roles().Put(item("build", "b", 2, readsPods("build")))
		}, []string{"build", "ops"}},
		"not of a Role that has none any more": {func(d *directory.Directory) {
			ann(d, "ops")
			d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
			d.Roles().Put(item("ops", "o", 2, aRole("ops")))
		}, nil},
		"not of a deleted Role": {func(d *directory.Directory) {
			ann(d, "ops")
			d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
			d.Roles().Delete(team, "ops", "o", 2)
		}, nil},
		"not by an include that is gone": {func(d *directory.Directory) {
			ann(d, "lead")
			d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
			d.Roles().Put(item("lead", "l", 2, aRole("lead", "ops")))
			d.Roles().Put(item("lead", "l", 3, aRole("lead")))
		}, nil},
		"not of what everybody holds": {func(d *directory.Directory) {
			ann(d, "viewer", "authenticated", "anonymous")
			d.Roles().Put(item("authenticated", "a", 1, readsPods("authenticated")))
			d.Roles().Put(item("anonymous", "n", 2, readsPods("anonymous")))
		}, nil},
		"not for a disabled user": {func(d *directory.Directory) {
			d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
			d.Users().Put(item("ann", "u", 1, directory.User{Roles: []string{"ops"}, Disabled: true}))
		}, nil},
		"not for nobody": {func(d *directory.Directory) {
			d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
		}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			d, r := aRealm(t)
			c.writes(d)
			var got []string
			for _, granted := range r.KubernetesRules(r.User("ann")) {
				got = append(got, granted.Role)
				if len(granted.Rules) != 1 || granted.Rules[0].Resources[0] != "pods" {
					t.Errorf("%s has %+v", granted.Role, granted.Rules)
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got the rules of %q, want %q", got, c.want)
			}
		})
	}
}

func TestKubernetesRoleNamesWhatReachesIntoTheAPIServer(t *testing.T) {
	d, r := aRealm(t)
	if r.KubernetesRole([]string{"lead"}) != "" {
		t.Error("there is one without Roles")
	}
	d.Roles().Put(item("ops", "o", 1, readsPods("ops")))
	d.Roles().Put(item("lead", "l", 2, aRole("lead", "ops")))
	d.Roles().Put(item("viewer", "v", 3, aRole("viewer")))
	for held, want := range map[string]string{"lead": "ops", "ops": "ops", "viewer": "", "unknown": "", "": ""} {
		if got := r.KubernetesRole([]string{held}); got != want {
			t.Errorf("%q for %q, want %q", got, held, want)
		}
	}
}

// A check pays for no change of what it doesn't read.
func TestAChangeOfKubernetesRulesCompilesNoPolicy(t *testing.T) {
	d, r := aRealm(t)
	d.Users().Put(item("ann", "u", 1, directory.User{Roles: []string{"ops"}}))
	d.Roles().Put(item("ops", "o", 1, aRole("ops")))
	before, subject := r.Policy(), r.Subject(r.User("ann"))

	d.Roles().Put(item("ops", "o", 2, readsPods("ops")))

	if r.Policy() != before || r.Subject(r.User("ann")) != subject {
		t.Error("the policy or a subject was made anew")
	}
	if len(r.KubernetesRules(r.User("ann"))) != 1 {
		t.Error("the new rules aren't known")
	}
	d.Roles().Put(item("ops", "o", 3, aRole("ops", "viewer")))
	if r.Policy() == before || len(r.KubernetesRules(r.User("ann"))) != 0 {
		t.Error("a change of both isn't seen whole")
	}
}
