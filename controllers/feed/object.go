package feed

import (
	"encoding/json"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
)

// object is an object of any of our kinds, its spec not decoded yet: what the API
// server validates itself is typed, what a schema alone vouches for is not. So
// decoding a list doesn't fail because of one object.
type object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec json.RawMessage `json:"spec"`
}

// DeepCopyObject makes object a runtime.Object.
func (o *object) DeepCopyObject() runtime.Object {
	return &object{TypeMeta: o.TypeMeta, ObjectMeta: *o.ObjectMeta.DeepCopy(), Spec: append(json.RawMessage(nil), o.Spec...)}
}

// objectList is a list of objects of one kind.
type objectList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`

	Items []object `json:"items"`
}

// DeepCopyObject makes objectList a runtime.Object.
func (l *objectList) DeepCopyObject() runtime.Object {
	c := &objectList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy(), Items: make([]object, len(l.Items))}
	for i := range l.Items {
		c.Items[i] = *l.Items[i].DeepCopyObject().(*object)
	}
	return c
}

// secret is a Secret whose data doesn't print.
type secret struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Type string              `json:"type"`
	Data map[string]material `json:"data"`
}

// DeepCopyObject makes secret a runtime.Object.
func (s *secret) DeepCopyObject() runtime.Object {
	c := &secret{TypeMeta: s.TypeMeta, ObjectMeta: *s.ObjectMeta.DeepCopy(), Type: s.Type, Data: make(map[string]material, len(s.Data))}
	for key, value := range s.Data {
		c.Data[key] = append(material(nil), value...)
	}
	return c
}

// secretList is a list of Secrets.
type secretList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`

	Items []secret `json:"items"`
}

// DeepCopyObject makes secretList a runtime.Object.
func (l *secretList) DeepCopyObject() runtime.Object {
	c := &secretList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy(), Items: make([]secret, len(l.Items))}
	for i := range l.Items {
		c.Items[i] = *l.Items[i].DeepCopyObject().(*secret)
	}
	return c
}

// material is secret data. It prints as "[redacted]", because client-go logs
// objects that it doesn't understand.
type material []byte

const redaction = "[redacted]"

// Format writes "[redacted]", whatever the verb and flags.
func (material) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redaction) }

// MarshalJSON returns "[redacted]" as a JSON string.
func (material) MarshalJSON() ([]byte, error) { return []byte(`"` + redaction + `"`), nil }

// UnmarshalJSON reads base64, as the API server writes Secrets.
func (m *material) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, (*[]byte)(m)) }

// decode reads a spec, names compared exactly as everywhere in Kubernetes. A
// missing one is an empty one.
func decode(spec json.RawMessage, into any) error {
	if len(spec) == 0 {
		return nil
	}
	if err := kjson.Unmarshal(spec, into); err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	return nil
}
