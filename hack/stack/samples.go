package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// Login is what somebody logs in with.
type Login struct{ User, Password string }

// Samples are config/samples as they were applied.
type Samples struct {
	// Logins by the Role that the user holds, such as admin, editor, viewer.
	Logins map[string]Login
}

// ApplySamples applies config/samples to Namespace, giving each user a random password.
func ApplySamples(ctx context.Context, kubectl Kubectl) (*Samples, error) {
	rendered, err := kubectl.Render(ctx, "config", "samples")
	if err != nil {
		return nil, err
	}
	objects, err := decode(rendered)
	if err != nil {
		return nil, fmt.Errorf("read config/samples: %w", err)
	}
	samples := &Samples{Logins: map[string]Login{}}
	kept := slices.DeleteFunc(objects, isPassword)
	for _, o := range kept {
		secret, err := samples.password(o)
		if err != nil {
			return nil, err
		}
		if secret != nil {
			kept = append(kept, *secret)
		}
	}
	for _, o := range kept {
		o.SetNamespace(Namespace)
	}
	manifests, err := encode(kept)
	if err != nil {
		return nil, err
	}
	return samples, kubectl.Apply(ctx, manifests)
}

// isPassword tells the samples' password Secrets, which everybody could read in the repository.
func isPassword(o unstructured.Unstructured) bool {
	kind, _, _ := unstructured.NestedString(o.Object, "type")
	return o.GetKind() == "Secret" && kind == v1alpha1.PasswordSecretType
}

// password notes a random one for a User that has a Secret for it, and returns that Secret.
func (s *Samples) password(o unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if o.GetKind() != "User" {
		return nil, nil
	}
	user := &v1alpha1.User{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, user); err != nil {
		return nil, fmt.Errorf("read User %q: %w", o.GetName(), err)
	}
	if user.Spec.PasswordSecretRef == nil {
		return nil, nil
	}
	login := Login{User: user.Name, Password: RandomPassword()}
	for _, role := range user.Spec.Roles {
		s.Logins[string(role)] = login
	}
	secret, err := runtime.DefaultUnstructuredConverter.ToUnstructured(PasswordSecret(user.Spec.PasswordSecretRef.Name, login.Password))
	if err != nil {
		return nil, fmt.Errorf("write Secret of %q: %w", user.Name, err)
	}
	return &unstructured.Unstructured{Object: secret}, nil
}

// RandomPassword is a password with 128 bits of randomness.
func RandomPassword() string { return rand.Text() }

// PasswordSecret is the Secret by which a person sets a password: Latchkey hashes it.
func PasswordSecret(name, password string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: name},
		Type:       v1alpha1.PasswordSecretType,
		StringData: map[string]string{v1alpha1.PasswordDataKey: password},
	}
}

func decode(manifests string) ([]unstructured.Unstructured, error) {
	var objects []unstructured.Unstructured
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(manifests)), 4096)
	for {
		var o unstructured.Unstructured
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
}

// encode writes objects as YAML.
func encode(objects []unstructured.Unstructured) (string, error) {
	var out bytes.Buffer
	for _, o := range objects {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			return "", fmt.Errorf("write %s %q: %w", o.GetKind(), o.GetName(), err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
	return out.String(), nil
}
