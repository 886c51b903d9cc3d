package admission

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// annotationPrefix is that of ingress-nginx's annotations.
const annotationPrefix = "nginx.ingress.kubernetes.io/"

// annotations are those of an Ingress for ingress-nginx, by what follows the prefix.
type annotations map[string]string

func (a annotations) get(name string) string { return strings.TrimSpace(a[annotationPrefix+name]) }

// judgeIngress warns of annotations by which ingress-nginx asks Latchkey in a way that can't work. It never
// refuses: an Ingress isn't ours, and what can't work lets nobody in.
func (h *handler) judgeIngress(ctx context.Context, request cradmission.Request) (verdict, error) {
	var ingress, old metav1.PartialObjectMetadata
	if _, err := decode(request, &ingress, &old); err != nil {
		return verdict{}, err
	}
	a := annotations(ingress.Annotations)
	if a.get("auth-url") == "" {
		return verdict{warnings: h.signinAlone(a)}, nil
	}
	asked, err := url.Parse(a.get("auth-url"))
	if err != nil {
		return verdict{}, nil //nolint:nilerr // ingress-nginx itself says so, and it need not be about us
	}
	server := h.serverAt(asked)
	if server == nil {
		return verdict{}, nil
	}
	var v verdict
	if asked.Scheme != server.Scheme || port(asked) != port(server) {
		v.warn("auth-url: Latchkey is at %s://%s here, so write that instead of %s://%s", server.Scheme, server.Host, asked.Scheme, asked.Host)
	}
	if err := h.checkEndpoint(ctx, asked, a, &v); err != nil {
		return verdict{}, err
	}
	aroundTheCheck(a, &v)
	return v, nil
}

func (v *verdict) warn(format string, arguments ...any) {
	v.warnings = append(v.warnings, fmt.Sprintf(format, arguments...))
}

// signinAlone warns of a login page without a check: everybody is let in.
func (h *handler) signinAlone(a annotations) []string {
	page, err := url.Parse(a.get("auth-signin"))
	if err != nil || page.Host == "" || h.serverAt(page) == nil {
		return nil
	}
	return []string{"auth-signin without auth-url checks nothing, so everybody gets in: add auth-url, such as " + h.exampleURL(h.DefaultRealm)}
}

// serverAt returns Latchkey's URL with the host of u, or nil: then it is somebody else's.
func (h *handler) serverAt(u *url.URL) *url.URL {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if h.external != nil && host == strings.ToLower(h.external.Hostname()) {
		return h.external
	}
	// Within a cluster a Service has a name with its namespace alone, with svc, and with the cluster's domain.
	full := strings.ToLower(h.service.Hostname())
	short, _, inCluster := strings.Cut(full, ".svc")
	if host == full || inCluster && (host == short || host == short+".svc" || strings.HasPrefix(host, short+".svc.")) {
		return h.service
	}
	return nil
}

// port is that of a URL, also where it isn't written.
func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// exampleURL is how nginx should ask, for a realm.
func (h *handler) exampleURL(realm string) string {
	base := h.service.Scheme + "://" + h.service.Host
	if realm != h.DefaultRealm {
		base += "/realms/" + realm
	}
	return base + "/check/nginx?host=$host"
}

// aroundTheCheck warns of annotations that spoil a check, wherever it is asked.
func aroundTheCheck(a annotations, v *verdict) {
	if keepalive := a.get("auth-keepalive"); keepalive != "" && keepalive != "0" && a.get("auth-response-headers") != "" {
		v.warn("auth-keepalive with auth-response-headers makes every allowed request a 500 (a bug of ingress-nginx): leave auth-keepalive out")
	}
	for code := range strings.SplitSeq(a.get("custom-http-errors"), ",") {
		if code = strings.TrimSpace(code); code == "401" || code == "403" {
			v.warn("custom-http-errors with %s replaces the refusal and switches auth-url off (CVE-2026-24513): leave 401 and 403 out", code)
		}
	}
	if a.get("auth-cache-key") != "" {
		v.warn("auth-cache-key has no effect, as Latchkey's answers are never cached: leave it out")
	}
	for _, snippet := range []string{"auth-snippet", "configuration-snippet", "server-snippet"} {
		if strings.Contains(strings.ToLower(a.get(snippet)), "x-original-") {
			v.warn("%s sets X-Original-… and so describes another request to the check than the app gets: leave that out", snippet)
		}
	}
}

// missingHeaders are those of wanted that aren't in a list of header names.
func missingHeaders(list string, wanted []string) []string {
	var has []string
	for name := range strings.SplitSeq(list, ",") {
		has = append(has, strings.ToLower(strings.TrimSpace(name)))
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return slices.Contains(has, strings.ToLower(name)) })
}
