package admission_test

import (
	"fmt"
	"net/http"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

func everything(authorizationv1.SubjectAccessReviewSpec) bool { return true }

func TestQ04CyclesOfIncludesAreRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		stored   [][]string // name, includes…
		role     []string
		old      []string
		want     string
		warnings int
	}{
		"a role that includes itself": {nil, []string{"a", "a"}, nil, "spec.includes: a → a leads back to where it began: remove one of these includes", 0},
		"two":                         {[][]string{{"b", "a"}}, []string{"a", "b"}, nil, "spec.includes: a → b → a leads back to where it began: remove one of these includes", 0},
		"the shortest of two ways":    {[][]string{{"b", "c"}, {"c", "a"}, {"d", "a"}}, []string{"a", "b", "d"}, nil, "spec.includes: a → d → a leads back to where it began: remove one of these includes", 0},
		"one through a role that was there before is for who adds the last include": {
			[][]string{{"a", "b"}, {"b", "c"}, {"c"}}, []string{"c", "a"}, []string{"c"}, "spec.includes: c → a → b → c leads back to where it began: remove one of these includes", 0,
		},
		"one that is stored already hinders no other include": {[][]string{{"a", "b"}, {"b", "a"}, {"c"}}, []string{"a", "b", "c"}, []string{"a", "b"}, "", 0},
		"one that is stored already hinders no way out of it": {[][]string{{"a", "b"}, {"b", "a"}}, []string{"a"}, []string{"a", "b"}, "", 0},
		"a diamond is none":                 {[][]string{{"b", "d"}, {"c", "d"}, {"d"}}, []string{"a", "b", "c"}, nil, "", 0},
		"a cycle among others is their own": {[][]string{{"b", "c"}, {"c", "b"}}, []string{"a", "b"}, nil, "", 0},
		"an unknown role is a warning":      {nil, []string{"a", "b"}, nil, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			world := &cluster{may: everything}
			for _, stored := range c.stored {
				world.add(stored[0], stored[1:]...)
			}
			h, _ := handlerOf(t, world)
			var old any
			if c.old != nil {
				old = aRole(c.old[0], c.old[1:]...)
			}
			answer := ask(t, h, "roles", aReview(t, "roles", aRole(c.role[0], c.role[1:]...), old))
			if said(answer) != c.want || answer.Allowed != (c.want == "") || len(answer.Warnings) != c.warnings {
				t.Errorf("got %v %q %q, want %q", answer.Allowed, said(answer), answer.Warnings, c.want)
			}
			if c.want != "" && answer.Result.Code != http.StatusUnprocessableEntity {
				t.Errorf("got code %d", answer.Result.Code)
			}
		})
	}
}

// A chain is as deep as somebody likes: each Role is read once, nothing recurses, and few questions are asked.
func TestQ04AChainOfTenThousandIncludesIsFollowedOnce(t *testing.T) {
	const deep = 10_000
	world := &cluster{may: everything}
	name := func(i int) string { return fmt.Sprintf("role-%d", i) }
	for i := range deep {
		world.add(name(i), name(i+1), name((i*7+3)%deep), name(deep-1)) // and shortcuts back and forth
	}
	h, _ := handlerOf(t, world)
	answer := ask(t, h, "users", aReview(t, "users", v1alpha1.User{Spec: v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"role-0"}}}, nil))
	if !answer.Allowed {
		t.Fatalf("%v", answer.Result)
	}
	if reads := world.reads.Load(); reads > deep+1 {
		t.Errorf("%d Roles were read %d times", deep, reads)
	}
	if reviews := world.reviews.Load(); reviews != 1 {
		t.Errorf("%d questions were asked", reviews)
	}

	world.may = func(r authorizationv1.SubjectAccessReviewSpec) bool { return r.ResourceAttributes.Name != "" }
	answer = ask(t, h, "users", aReview(t, "users", v1alpha1.User{Spec: v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"role-0"}}}, nil))
	want := `this gives 10001 roles: it needs verb grant on all roles.auth.latchkey.dev of namespace "team-a", without resourceNames`
	if answer.Allowed || said(answer) != want {
		t.Errorf("got %v %q", answer.Allowed, said(answer))
	}
}

func TestQ04TheWayOfALongCycleIsShortened(t *testing.T) {
	world := &cluster{may: everything}
	for i := range 10_000 {
		world.add(fmt.Sprintf("r%d", i), fmt.Sprintf("r%d", i+1))
	}
	world.add("r9999", "a")
	h, _ := handlerOf(t, world)
	answer := ask(t, h, "roles", aReview(t, "roles", aRole("a", "r0"), nil))
	want := "spec.includes: a → r0 → r1 → r2 → r3 → r4 → r5 → r6 → r7 → r8 → r9 → r10 → r11 → r12 → … → a leads back to where it began: remove one of these includes"
	if said(answer) != want {
		t.Errorf("got %q", said(answer))
	}
}

func aRole(name string, includes ...string) v1alpha1.Role {
	world := &cluster{}
	world.add(name, includes...)
	return *world.roles[name]
}
