package admission

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// checkEndpoint warns of a URL of the service behind which nginx finds no check, or one that refuses everybody,
// and of identity headers that nginx would leave to the client.
func (h *handler) checkEndpoint(ctx context.Context, asked *url.URL, a annotations, v *verdict) error {
	realm, path := h.DefaultRealm, asked.Path
	if rest, elsewhere := strings.CutPrefix(path, "/realms/"); elsewhere {
		realm, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	if strings.Contains(asked.Path, "$") { // a variable of nginx: only the request tells
		v.warn("auth-url: a path with a variable is the client's to choose: write the realm and the roles out")
		return nil
	}
	settings, err := h.realm(ctx, realm)
	if err != nil {
		return err
	}
	if settings == nil {
		v.warn("auth-url: there is no Realm in namespace %q, so everything is refused: create it, or correct /realms/{namespace}", realm)
	}
	endpoint, isCheck := strings.CutPrefix(path, "/check/")
	role, isRole := strings.CutPrefix(endpoint, "role/")
	switch {
	case isCheck && isRole:
		if err := h.checkRoles(ctx, realm, role, v); err != nil {
			return err
		}
		if asked.RawQuery != "" || asked.ForceQuery {
			v.warn("auth-url: /check/role takes no query, so everything is refused: end it in /check/role/%s", role)
		}
	case isCheck && endpoint == "nginx":
		if asked.RawQuery != "host=$host" {
			v.warn("auth-url must end in /check/nginx?host=$host, with nothing behind it: everything else is refused")
		}
	case isCheck:
		v.warn("auth-url: /check/%s is not for ingress-nginx, so everything is refused: write %s", endpoint, h.exampleURL(realm))
	default:
		v.warn("auth-url: %s is no check, so it lets nobody in or everybody: write %s", asked.Path, h.exampleURL(realm))
	}
	if settings != nil {
		identityHeaders(settings.Spec.IdentityHeaders, a, v)
	}
	return nil
}

// realm returns the Realm of a namespace, or nil if there is none.
func (h *handler) realm(ctx context.Context, namespace string) (*v1alpha1.Realm, error) {
	if len(validation.IsDNS1123Label(namespace)) > 0 {
		return nil, nil //nolint:nilnil // no namespace is called that
	}
	for _, from := range []reader{h.Objects, h.Live} {
		realm := &v1alpha1.Realm{}
		err := from.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.RealmName}, realm)
		if err == nil {
			return realm, nil
		}
		if !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("get realm %q: %w", namespace, err)
		}
	}
	return nil, nil //nolint:nilnil // there is none, and that is no fault
}

// checkRoles warns of Roles in the path that nobody holds.
func (h *handler) checkRoles(ctx context.Context, realm, path string, v *verdict) error {
	var names []string
	for name := range strings.SplitSeq(path, ",") {
		switch {
		case name == policy.Authenticated:
		case name == policy.Anonymous || len(validation.IsDNS1123Label(name)) > 0:
			v.warn("auth-url: names of Roles stand behind /check/role/, as in /check/role/editor,admin, and %.63q is none: everything is refused", name)
		default:
			names = append(names, name)
		}
	}
	const most = 32 // a name is a look-up
	unknown, err := h.rolesOf(realm).missing(ctx, names[:min(len(names), most)])
	if err != nil {
		return err
	}
	if len(unknown) > 0 {
		v.warn("auth-url: there is no Role %s in namespace %q, so nobody has it", listed(unknown), realm)
	}
	return nil
}

// identityHeaders warns of those that nginx wouldn't replace: then the client's own reach the app.
func identityHeaders(names v1alpha1.RealmIdentityHeaders, a annotations, v *verdict) {
	wanted := []string{string(names.User), string(names.UID), string(names.Email), string(names.Groups)}
	missing := missingHeaders(a.get("auth-response-headers"), wanted)
	if len(missing) == 0 {
		return
	}
	what := strings.Join(missing, ", ")
	if len(missing) == len(wanted) {
		what = "every identity header"
	}
	v.warn("auth-response-headers: clients can forge %s. Write: %s (Authorization takes the token off)", what, strings.Join(append(wanted, "Authorization"), ","))
}
