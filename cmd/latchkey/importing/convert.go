package importing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// Options say what is made of each entry.
type Options struct {
	Namespace string   // of the manifests; "" leaves that to kubectl
	Roles     []string // that each user is given beside their own
	NoGroups  bool     // whether the file's groups are left aside rather than taken for roles
}

// Result is what became of a file.
type Result struct {
	Accounts []Account // those that were taken, in the order of the file
	Remarks  []string  // what was not taken and why, a line each, then what else there is to know
	Whole    int       // accounts that nothing was left out of
	Refused  int       // entries that were not taken at all
}

// Account is a user and the Secret with the password hash. The Secret comes first: with the
// User it is looked for.
type Account struct {
	Secret *corev1.Secret
	User   *v1alpha1.User
}

// Complete reports whether everything was taken.
func (r Result) Complete() bool { return r.Refused == 0 && r.Whole == len(r.Accounts) }

// Summary counts.
func (r Result) Summary() string {
	s := fmt.Sprintf("%d of %d users taken", len(r.Accounts), len(r.Accounts)+r.Refused)
	if parts := len(r.Accounts) - r.Whole; parts > 0 {
		s += fmt.Sprintf(", %d of them without something that the file says of them", parts)
	}
	return s
}

// entry is a user as a file has them. Only name and hash are required.
type entry struct {
	line                           int
	name, hash, displayName, email string
	groups                         []string
	disabled                       bool
	aside                          []string // keys that Latchkey has no place for
	problem                        string   // why it can't be read
}

// errNoUsers is the one answer to a file that names nobody: it is most likely another one than meant.
var errNoUsers = errors.New("there is no user in it")

// convert makes accounts of entries.
func convert(entries []entry, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	if len(entries) == 0 {
		return Result{}, errNoUsers
	}
	var r Result
	first := map[string]int{} // the line of a name
	aside := map[string]int{}
	roles := map[string]bool{}
	for _, e := range entries {
		for _, key := range e.aside {
			aside[key]++
		}
		hash, err := e.judge(first[e.name])
		if first[e.name] == 0 {
			first[e.name] = e.line
		}
		if err != nil {
			r.Refused++
			r.Remarks = append(r.Remarks, fmt.Sprintf("line %d: %snot taken: %v", e.line, e.called(), err))
			continue
		}
		user, left := e.user(o)
		for _, what := range left {
			r.Remarks = append(r.Remarks, fmt.Sprintf("line %d: %staken without %s", e.line, e.called(), what))
		}
		if len(left) == 0 {
			r.Whole++
		}
		for _, role := range user.Spec.Roles {
			roles[string(role)] = true
		}
		r.Accounts = append(r.Accounts, Account{secret(user, hash), user})
	}
	if len(aside) > 0 {
		var keys []string
		for _, key := range slices.Sorted(maps.Keys(aside)) {
			keys = append(keys, fmt.Sprintf("%s (%d)", key, aside[key]))
		}
		r.Remarks = append(r.Remarks, "left aside, since Latchkey has no place for it: "+strings.Join(keys, ", "))
	}
	if len(roles) > 0 {
		r.Remarks = append(r.Remarks, "roles that have an effect once there are Roles of these names: "+strings.Join(slices.Sorted(maps.Keys(roles)), ", "))
	}
	return r, nil
}

// check refuses what no user could have.
func (o Options) check() error {
	if o.Namespace != "" && !name.MatchString(o.Namespace) {
		return fmt.Errorf("--namespace: %q can't be the name of a namespace", o.Namespace)
	}
	for _, role := range o.Roles {
		if err := checkRole(role); err != nil {
			return fmt.Errorf("--roles: %w", err)
		}
	}
	return nil
}

// called is how remarks begin. A name may be anything.
func (e entry) called() string {
	if e.name == "" {
		return ""
	}
	return fmt.Sprintf("%q: ", e.name)
}

// judge returns the hash of an entry that can be taken. The line is where the file had that
// name before, 0 if nowhere.
func (e entry) judge(before int) (hash string, err error) {
	switch {
	case e.problem != "":
		return "", errors.New(e.problem)
	case before != 0:
		return "", fmt.Errorf("line %d has this name already", before)
	case !name.MatchString(e.name):
		return "", fmt.Errorf("a user name has at most 63 lower-case letters, digits and, between them, hyphens%s: name the user so, and tell them", suggestion(e.name))
	}
	return taken(e.hash)
}

// user is the User of an entry, without what it can't have, which left names.
func (e entry) user(o Options) (user *v1alpha1.User, left []string) {
	user = &v1alpha1.User{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "User"},
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: e.name},
		Spec: v1alpha1.UserSpec{
			PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: e.name + "-password"},
			Disabled:          e.disabled,
		},
	}
	if isDisplayName(e.displayName) {
		user.Spec.DisplayName = e.displayName
	} else {
		left = append(left, "the display name, which is over 128 characters or has some that don't print")
	}
	if e.email == "" || isEmail(e.email) {
		user.Spec.Email = e.email
	} else {
		left = append(left, "the email address, which isn't one address in ASCII such as ada@example.com, of at most 254 characters, 64 of them before the @")
	}
	for _, role := range slices.Concat(e.groups, o.Roles) {
		switch err := checkRole(role); {
		case slices.Contains(user.Spec.Roles, v1alpha1.GrantableRoleName(role)): // has it already
		case err != nil:
			left = append(left, fmt.Sprintf("one role: %v", err))
		case len(user.Spec.Roles) == maxRoles:
			left = append(left, fmt.Sprintf("one role: %q is beyond the %d that a user may have", role, maxRoles))
		default:
			user.Spec.Roles = append(user.Spec.Roles, v1alpha1.GrantableRoleName(role))
		}
	}
	return user, left
}

// secret holds the hash as data: what a later change of the password makes of it belongs to
// Latchkey, and applying the manifest again is then a conflict rather than the old password.
func secret(of *v1alpha1.User, hash string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: of.Spec.PasswordSecretRef.Name},
		Type:       v1alpha1.PasswordSecretType,
		Data:       map[string][]byte{v1alpha1.PasswordHashDataKey: []byte(hash)},
	}
}
