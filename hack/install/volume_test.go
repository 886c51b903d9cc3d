package install_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// volume is a Secret that is mounted.
type volume struct {
	secret client.ObjectKey
	files  map[string]string // by the key in the Secret; nil: all keys
	target string            // where the container has it
	dir    string            // where it is here
}

// volumesOf are what a Pod's container has mounted.
func volumesOf(pod *corev1.Pod, dir string) []volume {
	mounts := map[string]string{}
	for _, m := range pod.Spec.Containers[0].VolumeMounts {
		mounts[m.Name] = m.MountPath
	}
	var all []volume
	for _, v := range pod.Spec.Volumes {
		if v.Projected != nil {
			continue // the token of its ServiceAccount, added by the API server: identity
		}
		Expect(v.Secret).NotTo(BeNil(), "nobody plays the volume "+v.Name)
		mounted := volume{
			secret: client.ObjectKey{Namespace: pod.Namespace, Name: v.Secret.SecretName},
			target: mounts[v.Name], dir: filepath.Join(dir, v.Name),
		}
		if len(v.Secret.Items) > 0 {
			mounted.files = map[string]string{}
		}
		for _, item := range v.Secret.Items {
			mounted.files[item.Key] = item.Path
		}
		all = append(all, mounted)
	}
	return all
}

// refresh writes the Secret's data as it is now, and says whether all of it is there.
func (v volume) refresh(ctx context.Context, c client.Client) bool {
	secret := &corev1.Secret{}
	if c.Get(ctx, v.secret, secret) != nil {
		return false
	}
	files := v.files
	if files == nil {
		files = map[string]string{}
		for key := range secret.Data {
			files[key] = key
		}
	}
	Expect(os.MkdirAll(v.dir, 0o700)).To(Succeed())
	for key, path := range files {
		content, found := secret.Data[key]
		if !found {
			return false
		}
		path = filepath.Join(v.dir, path)
		if now, err := os.ReadFile(path); err == nil && string(now) == string(content) {
			continue
		}
		Expect(os.WriteFile(path+".new", content, 0o600)).To(Succeed())
		Expect(os.Rename(path+".new", path)).To(Succeed())
	}
	return true
}

// mount has arguments that name files of the volume name them where they are here.
func (v volume) mount(arguments []string) []string {
	var mounted []string
	for _, argument := range arguments {
		mounted = append(mounted, strings.Replace(argument, "="+v.target+"/", "="+v.dir+"/", 1))
	}
	return mounted
}
