package admission

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// PathPrefix is what the path of every review begins with; the resource follows, as in /kubernetes/admission/roles.
const PathPrefix = "/kubernetes/admission/"

// reader is what is read of the API server: client.Reader has it, and so has a cache.
type reader interface {
	Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error
}

// reviewer creates SubjectAccessReviews: client.Client does.
type reviewer interface {
	Create(ctx context.Context, review client.Object, opts ...client.CreateOption) error
}

// Config is what the handler works with. All but ExternalURL is required.
type Config struct {
	// Objects reads Roles and Realms, from a cache: includes may be many.
	Objects reader
	// Live reads them from the API server, for a name that somebody writes and Objects doesn't know (yet).
	Live reader
	// Reviews asks the API server what the author of a change may do.
	Reviews reviewer
	// ServiceUser is the user name of the ServiceAccount that writes Users for holders of a realm's adminRole,
	// as in system:serviceaccount:latchkey:latchkey-serve. It may give every Role that stays within the realm.
	ServiceUser string
	// DefaultRealm is the namespace whose realm answers at the root of the service.
	DefaultRealm string
	// ServiceURL is how the service is reached within the cluster, such as http://latchkey.latchkey.svc.cluster.local:8080.
	ServiceURL string
	// ExternalURL is the service's own --external-url, or "".
	ExternalURL string
	Logger      *slog.Logger
	// Registerer takes the metrics.
	Registerer prometheus.Registerer
}

// handler answers reviews.
type handler struct {
	Config
	service, external *url.URL // external is nil where there is none
	metrics           *metrics
	judges            map[string]judge // by the resource in the path
}

// judge says what is to be said of the objects of one resource.
type judge struct {
	resource metav1.GroupVersionResource
	judge    func(context.Context, cradmission.Request) (verdict, error)
}

// New returns a handler for POST /kubernetes/admission/{roles,users,realms,ingresses}.
func New(c Config) (http.Handler, error) {
	switch {
	case c.Objects == nil || c.Live == nil || c.Reviews == nil:
		return nil, errors.New("make admission: Objects, Live and Reviews are required")
	case c.ServiceUser == "" || c.DefaultRealm == "":
		return nil, errors.New("make admission: ServiceUser and DefaultRealm are required")
	case c.Logger == nil || c.Registerer == nil:
		return nil, errors.New("make admission: Logger and Registerer are required")
	}
	h := &handler{Config: c}
	var err error
	if h.service, err = absolute(c.ServiceURL); err != nil {
		return nil, fmt.Errorf("make admission: ServiceURL: %w", err)
	}
	if c.ExternalURL != "" {
		if h.external, err = absolute(c.ExternalURL); err != nil {
			return nil, fmt.Errorf("make admission: ExternalURL: %w", err)
		}
	}
	ours := func(resource string) metav1.GroupVersionResource {
		return metav1.GroupVersionResource{Group: v1alpha1.GroupName, Version: v1alpha1.GroupVersion.Version, Resource: resource}
	}
	h.judges = map[string]judge{
		"roles":     {ours("roles"), h.judgeRole},
		"users":     {ours("users"), h.judgeUser},
		"realms":    {ours("realms"), h.judgeRealm},
		"ingresses": {metav1.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}, h.judgeIngress},
	}
	if h.metrics, err = newMetrics(c.Registerer, h.judges); err != nil {
		return nil, fmt.Errorf("make admission: %w", err)
	}
	return h, nil
}

func absolute(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return nil, fmt.Errorf("%q is no http or https URL", text)
	}
	return parsed, nil
}
