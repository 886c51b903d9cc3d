package feed

import (
	"fmt"
	"net/http"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// clients reach the API server over one connection.
type clients struct {
	kinds   rest.Interface // answers with object and objectList
	secrets rest.Interface // answers with secret and secretList
	leases  rest.Interface // answers with Lease and LeaseList
}

func newClients(config *rest.Config, connection *http.Client) (clients, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1    // a few requests after an outage must not queue behind each other
	config.Timeout = 0 // it would end watches
	if connection == nil {
		var err error
		if connection, err = rest.HTTPClientFor(config); err != nil {
			return clients{}, fmt.Errorf("connect to the API server: %w", err)
		}
	}
	kinds, err := newClient(config, connection, "/apis", v1alpha1.GroupVersion, func(s *runtime.Scheme) {
		for _, kind := range []string{"Realm", "User", "Role", "RevokedToken"} {
			s.AddKnownTypeWithName(v1alpha1.GroupVersion.WithKind(kind), &object{})
			s.AddKnownTypeWithName(v1alpha1.GroupVersion.WithKind(kind+"List"), &objectList{})
		}
	})
	if err != nil {
		return clients{}, err
	}
	core := schema.GroupVersion{Version: "v1"}
	secrets, err := newClient(config, connection, "/api", core, func(s *runtime.Scheme) {
		s.AddKnownTypeWithName(core.WithKind("Secret"), &secret{})
		s.AddKnownTypeWithName(core.WithKind("SecretList"), &secretList{})
	})
	if err != nil {
		return clients{}, err
	}
	leases, err := newClient(config, connection, "/apis", coordinationv1.SchemeGroupVersion, func(s *runtime.Scheme) {
		s.AddKnownTypes(coordinationv1.SchemeGroupVersion, &coordinationv1.Lease{}, &coordinationv1.LeaseList{})
	})
	return clients{kinds, secrets, leases}, err
}

func newClient(config *rest.Config, connection *http.Client, path string, version schema.GroupVersion, add func(*runtime.Scheme)) (rest.Interface, error) {
	scheme := runtime.NewScheme()
	add(scheme)
	metav1.AddToGroupVersion(scheme, version)
	config = rest.CopyConfig(config)
	config.APIPath = path
	config.GroupVersion = &version
	config.ContentType = runtime.ContentTypeJSON
	config.AcceptContentTypes = runtime.ContentTypeJSON
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientForConfigAndClient(config, connection)
	if err != nil {
		return nil, fmt.Errorf("make client of %s: %w", version, err)
	}
	return client, nil
}
