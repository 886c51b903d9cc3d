package cluster

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=users,verbs=get;list;create;patch;delete
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=roles,verbs=list

import (
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// Accounts manages Users and their password Secrets.
//
// A new password's Secret is written before the User that names it, under a name of its
// own: two requests at once can't overwrite each other's, a request that dies between
// the two leaves an orphan that the leader collects, and its retry makes the same user.
type Accounts struct{ *Store }

// Create makes a user with a password.
func (a Accounts) Create(ctx context.Context, realm string, account webhook.Account, passwordHash string) (*directory.User, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: realm, Name: account.Username}}
	if err := a.fill(ctx, user, account); err != nil {
		return nil, err
	}
	// Asked first, so that what the API server refuses leaves no Secret behind.
	if err := refusal(a.client.Create(ctx, user.DeepCopy(), client.DryRunAll)); err != nil {
		return nil, err
	}
	secret, err := a.storePassword(ctx, realm, account.Username, passwordHash)
	if err != nil {
		return nil, err
	}
	user.Spec.PasswordSecretRef = &v1alpha1.PasswordSecretReference{Name: secret.Name}
	if err := refusal(a.client.Create(ctx, user)); err != nil {
		a.withdraw(ctx, secret, err)
		return nil, err
	}
	a.local.PutUser(user)
	return asUser(user), nil
}

// Get reads a user.
func (a Accounts) Get(ctx context.Context, realm, name string) (*directory.User, error) {
	user, err := a.get(ctx, realm, name)
	if err != nil {
		return nil, err
	}
	return asUser(user), nil
}

// List reads a page of users, in the API server's order and with its continue token.
func (a Accounts) List(ctx context.Context, realm string, limit int64, from string) ([]*directory.User, string, error) {
	list := &v1alpha1.UserList{}
	if err := a.client.List(ctx, list, client.InNamespace(realm), client.Limit(limit), client.Continue(from)); err != nil {
		return nil, "", pageRefusal(err)
	}
	users := make([]*directory.User, 0, len(list.Items))
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp == nil {
			users = append(users, asUser(&list.Items[i]))
		}
	}
	return users, list.Continue, nil
}

// Change reads, changes and stores a user, again if somebody else (the leader's status,
// mostly) was faster. A new password gets a Secret of its own, and the logins that were
// made with the old one are dead when this returns.
func (a Accounts) Change(ctx context.Context, realm, name string, change func(*webhook.Account), passwordHash string) (*directory.User, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	edit := func(user *v1alpha1.User) error {
		account := asAccount(user)
		change(&account)
		if passwordHash != "" {
			if err := a.ownable(ctx, user); err != nil {
				return err
			}
		}
		return a.fill(ctx, user, account)
	}
	store := a.change
	if passwordHash != "" {
		store = a.renewing(passwordHash)
	}
	user, err := store(ctx, realm, name, edit)
	if err != nil {
		return nil, err
	}
	return asUser(user), nil
}

// changeTries is how often a change is tried against others who change the same user.
const changeTries = 5

// change stores what edit changes of a user, by a patch of that alone: fields that a newer version of Latchkey knows, and
// this one doesn't, stay. The API server takes it only if nobody has changed the user since it was read.
func (a Accounts) change(ctx context.Context, realm, name string, edit func(*v1alpha1.User) error) (*v1alpha1.User, error) {
	for try := 1; ; try++ {
		user, err := a.get(ctx, realm, name)
		if err != nil {
			return nil, err
		}
		read := user.DeepCopy()
		if err := edit(user); err != nil {
			return nil, err
		}
		err = refusal(a.client.Patch(ctx, user, client.MergeFromWithOptions(read, client.MergeFromWithOptimisticLock{})))
		if errors.Is(err, webhook.ErrConflict) && try < changeTries {
			continue
		}
		if err != nil {
			return nil, err
		}
		a.local.PutUser(user)
		return user, nil
	}
}

// Delete deletes a user, and the password that was made for it.
func (a Accounts) Delete(ctx context.Context, realm, name string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	user, err := a.get(ctx, realm, name)
	if err != nil {
		return err
	}
	if err := translate("delete User", a.client.Delete(ctx, user, client.Preconditions{UID: &user.UID})); ignoreNotFound(err) != nil {
		return err
	}
	a.local.ForgetUser(user)
	if ref := user.Spec.PasswordSecretRef; ref != nil {
		a.dropSecret(ctx, realm, ref.Name)
	}
	return nil
}

func (a Accounts) get(ctx context.Context, realm, name string) (*v1alpha1.User, error) {
	user := &v1alpha1.User{}
	if err := a.client.Get(ctx, types.NamespacedName{Namespace: realm, Name: name}, user); err != nil {
		return nil, translate("get User", err)
	}
	if user.DeletionTimestamp != nil {
		return nil, webhook.ErrNotFound
	}
	return user, nil
}

// fill writes account into user, whose roles it may add to within bounds: they exist, and
// none of them, nor what it includes, reaches into the API server.
func (a Accounts) fill(ctx context.Context, user *v1alpha1.User, account webhook.Account) error {
	held := map[v1alpha1.GrantableRoleName]bool{}
	for _, role := range user.Spec.Roles {
		held[role] = true
	}
	var roles, added []v1alpha1.GrantableRoleName
	for _, role := range account.Roles {
		roles = append(roles, v1alpha1.GrantableRoleName(role))
		if !held[v1alpha1.GrantableRoleName(role)] {
			added = append(added, v1alpha1.GrantableRoleName(role))
		}
	}
	if err := a.grantable(ctx, user.Namespace, added); err != nil {
		return err
	}
	user.Spec.DisplayName, user.Spec.Email = account.DisplayName, account.Email
	user.Spec.Roles, user.Spec.Disabled = roles, account.Disabled
	return nil
}

// asUser shows a User as the directory would.
func asUser(u *v1alpha1.User) *directory.User {
	roles := make([]string, 0, len(u.Spec.Roles))
	for _, role := range u.Spec.Roles {
		roles = append(roles, string(role))
	}
	return &directory.User{
		Name: u.Name, UID: string(u.UID), DisplayName: u.Spec.DisplayName, Email: u.Spec.Email,
		Roles: roles, Disabled: u.Spec.Disabled, CreatedAt: u.CreationTimestamp.Time,
	}
}

func asAccount(u *v1alpha1.User) webhook.Account {
	shown := asUser(u)
	return webhook.Account{Username: u.Name, DisplayName: shown.DisplayName, Email: shown.Email, Roles: shown.Roles, Disabled: shown.Disabled}
}
