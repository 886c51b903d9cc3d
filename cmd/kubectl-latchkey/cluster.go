package main

import (
	"errors"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/cmd/version"
)

// clusterClient is the API server with the rights of the kubeconfig, and a realm of it.
type clusterClient struct {
	client.WithWatch
	realm string
}

// cluster returns the API server and the realm that kubectl's flags name.
func (k *kubectl) cluster() (*clusterClient, error) {
	config, err := k.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	realm, _, err := k.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // the API server has its own limits
	config.UserAgent = "kubectl-latchkey/" + version.Of(stamped)
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, coordinationv1.AddToScheme, admissionregistrationv1.AddToScheme,
	} {
		if err := add(s); err != nil {
			return nil, fmt.Errorf("make client: %w", err)
		}
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: s, Mapper: mapper()})
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return &clusterClient{c, realm}, nil
}

// mapper knows what is asked for, so that nobody has to ask the API server what it has.
func mapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"Realm", "User", "Role", "Session", "RevokedToken"} {
		m.Add(v1alpha1.GroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	m.Add(corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace)
	m.Add(coordinationv1.SchemeGroupVersion.WithKind("Lease"), meta.RESTScopeNamespace)
	m.Add(admissionregistrationv1.SchemeGroupVersion.WithKind("ValidatingWebhookConfiguration"), meta.RESTScopeRoot)
	return m
}

// told returns what the API server said, where an error holds that: its sentence names the object, or the right
// that is missing, and what stands around it speaks of HTTP.
func told(err error) error {
	if status, ok := errors.AsType[*apierrors.StatusError](err); ok {
		return status
	}
	return err
}

// key is where an object of the realm is.
func (c *clusterClient) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: c.realm, Name: name}
}

// nowhere is the directory of a process that has none: what webhook/cluster writes is shown to nobody here.
type nowhere struct{}

func (nowhere) PutUser(*v1alpha1.User)                 {}
func (nowhere) ForgetUser(*v1alpha1.User)              {}
func (nowhere) PutRevokedToken(*v1alpha1.RevokedToken) {}
