package manifests

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

const group = v1alpha1.GroupName

// object is an object of Latchkey's group on its way into the API server.
type object struct {
	document
	apiVersion, kind, namespace, name string

	written map[string]any  // as it stands in the file
	stored  json.RawMessage // as the API server would keep it; nil if it refuses
}

// newObject returns the object of a document; nil if it isn't of Latchkey's group. One that names no namespace is of
// the given one.
func newObject(d document, namespace string) *object {
	apiVersion, _ := d.object["apiVersion"].(string)
	if of, _, _ := strings.Cut(apiVersion, "/"); of != group {
		return nil
	}
	o := &object{document: d, apiVersion: apiVersion, written: runtime.DeepCopyJSON(d.object), namespace: namespace}
	o.kind, _ = d.object["kind"].(string)
	if named, _, _ := unstructured.NestedString(d.object, "metadata", "namespace"); named != "" {
		o.namespace = named
	}
	o.name, _, _ = unstructured.NestedString(d.object, "metadata", "name")
	return o
}

// finding is one about this object.
func (o *object) finding(field, format string, args ...any) Finding {
	return Finding{File: o.file, Document: o.index, Kind: o.kind, Namespace: o.namespace, Name: o.name, Field: field, Message: fmt.Sprintf(format, args...)}
}

// admit says why the API server would refuse the object, or makes it what the API server would store.
func (o *object) admit(ctx context.Context, schemas map[string]*kindSchema) (findings []Finding) {
	schema := schemas[o.kind]
	if schema == nil || o.apiVersion != v1alpha1.GroupVersion.String() {
		return []Finding{o.finding("", "no matches for kind %q in version %q: write apiVersion %s and one of its kinds", o.kind, o.apiVersion, v1alpha1.GroupVersion)}
	}
	if meta, isMap := o.object["metadata"].(map[string]any); isMap {
		meta["namespace"] = o.namespace
	}
	unknown, problems := schema.admit(ctx, o.object)
	for _, field := range unknown {
		findings = append(findings, o.finding(field, "unknown field"))
	}
	for _, p := range problems {
		field := p.Field
		if field == "<nil>" {
			field = "" // it is about the object as a whole
		}
		findings = append(findings, o.finding(field, "%s", p.ErrorBody()))
	}
	if len(findings) > 0 {
		return findings
	}
	// An object is somebody only once it was stored.
	stored := unstructured.Unstructured{Object: o.object}
	stored.SetUID("not-stored")
	stored.SetResourceVersion("1")
	stored.SetGeneration(0)
	var err error
	if o.stored, err = stored.MarshalJSON(); err != nil {
		return []Finding{o.finding("", "%v", err)}
	}
	return nil
}
