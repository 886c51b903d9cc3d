package admission

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// judgeRealm refuses a Realm that would answer nobody, and warns of what it names and nobody finds. Who may change
// adminRole is in config/admission, as it needs no look-up.
func (h *handler) judgeRealm(ctx context.Context, request cradmission.Request) (verdict, error) {
	realm, old := &v1alpha1.Realm{}, &v1alpha1.Realm{}
	if _, err := decode(request, realm, old); err != nil {
		return verdict{}, err
	}
	var v verdict
	issuer := directory.Issuer(realm.Spec.Issuer, h.ExternalURL, h.DefaultRealm, request.Namespace)
	if issuer == "" {
		v.invalid = append(v.invalid, "spec.issuer: Latchkey runs without --external-url, so the realm needs an issuer of its own, such as https://auth.example.com")
		return v, nil
	}
	if domain := realm.Spec.Sessions.CookieDomain; domain != "" && !hostWithin(issuer, domain) {
		v.warnings = append(v.warnings, fmt.Sprintf("spec.sessions.cookieDomain: browsers drop this cookie, as the issuer %s isn't a host of %s", issuer, domain))
	}
	warnings, err := h.unknownRoles(ctx, request.Namespace, realm)
	v.warnings = append(v.warnings, warnings...)
	return v, err
}

// hostWithin reports whether the host of a URL is domain or lies within it.
func hostWithin(of, domain string) bool {
	parsed, err := url.Parse(of)
	if err != nil {
		return false
	}
	host := strings.ToLower(parsed.Hostname())
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// unknownRoles warns of Roles that a Realm names and its namespace lacks.
func (h *handler) unknownRoles(ctx context.Context, namespace string, realm *v1alpha1.Realm) (warnings []string, err error) {
	roles := h.rolesOf(namespace)
	for _, named := range []struct{ field, role, consequence string }{
		{"adminRole", string(realm.Spec.AdminRole), "nobody manages users over HTTP"},
		{"introspectionRole", string(realm.Spec.IntrospectionRole), "only holders of adminRole introspect tokens"},
	} {
		if named.role == "" {
			continue
		}
		unknown, err := roles.missing(ctx, []string{named.role})
		if err != nil {
			return nil, err
		}
		if len(unknown) > 0 {
			warnings = append(warnings, fmt.Sprintf("spec.%s: there is no Role %q in this namespace: %s until there is one", named.field, named.role, named.consequence))
		}
	}
	return warnings, nil
}
