package deploy

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	rollouts "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	disruption "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// cluster is the result of one `kubectl apply -k`. Objects are decoded strictly: unknown fields are
// errors.
type cluster struct {
	t       *testing.T
	objects resmap.ResMap
	text    string
}

// build renders a folder of deploy/kubernetes.
func build(t *testing.T, folder string) cluster {
	t.Helper()
	return render(t, filepath.Join(top(t), "deploy/kubernetes", folder))
}

// render renders any folder.
func render(t *testing.T, folder string) cluster {
	t.Helper()
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	check(t, err)
	text, err := objects.AsYaml()
	check(t, err)
	return cluster{t, objects, string(text)}
}

// every decodes all objects of a kind.
func every[T any](c cluster, kind string) []T {
	c.t.Helper()
	var found []T
	for _, object := range c.objects.Resources() {
		if object.GetKind() != kind {
			continue
		}
		text, err := object.AsYAML()
		check(c.t, err)
		var decoded T
		if err := yaml.UnmarshalStrict(text, &decoded); err != nil {
			c.t.Errorf("%s %s: %v", kind, object.GetName(), err)
		}
		found = append(found, decoded)
	}
	return found
}

// only returns the one object of a kind with a name. kustomize may have appended a hash to the
// name.
func only[T any](c cluster, kind, name string) T {
	c.t.Helper()
	wanted := regexp.MustCompile("^" + name + "(-[a-z0-9]{10})?$")
	var found []T
	all, i := every[T](c, kind), 0
	for _, object := range c.objects.Resources() {
		if object.GetKind() == kind {
			if wanted.MatchString(object.GetName()) {
				found = append(found, all[i])
			}
			i++
		}
	}
	if len(found) != 1 {
		c.t.Fatalf("%d of %s %s", len(found), kind, name)
	}
	return found[0]
}

// templates returns the pod templates of all objects, by name of the object.
func (c cluster) templates() map[string]core.PodTemplateSpec {
	c.t.Helper()
	found := map[string]core.PodTemplateSpec{}
	for _, one := range every[apps.Deployment](c, "Deployment") {
		found[one.Name] = one.Spec.Template
	}
	for _, one := range every[batch.CronJob](c, "CronJob") {
		found[one.Name] = one.Spec.JobTemplate.Spec.Template
	}
	return found
}

// selectors returns all label selectors, by kind and name.
func (c cluster) selectors() map[string]labels.Selector {
	c.t.Helper()
	found := map[string]labels.Selector{}
	add := func(name string, selector *meta.LabelSelector) {
		made, err := meta.LabelSelectorAsSelector(selector)
		check(c.t, err)
		found[name] = made
	}
	for _, one := range every[apps.Deployment](c, "Deployment") {
		add("Deployment "+one.Name, one.Spec.Selector)
		for _, spread := range one.Spec.Template.Spec.TopologySpreadConstraints {
			add("spread of "+one.Name, spread.LabelSelector)
		}
	}
	for _, one := range every[core.Service](c, "Service") {
		found["Service "+one.Name] = labels.SelectorFromSet(one.Spec.Selector)
	}
	for _, one := range every[disruption.PodDisruptionBudget](c, "PodDisruptionBudget") {
		add("PodDisruptionBudget "+one.Name, one.Spec.Selector)
	}
	for _, one := range every[monitoring.PodMonitor](c, "PodMonitor") {
		add("PodMonitor "+one.Name, &one.Spec.Selector)
	}
	for _, one := range every[rollouts.Rollout](c, "Rollout") {
		add("Rollout "+one.Name, one.Spec.Selector)
	}
	for _, one := range every[networking.NetworkPolicy](c, "NetworkPolicy") {
		add("NetworkPolicy "+one.Name, &one.Spec.PodSelector)
		for _, rule := range one.Spec.Ingress {
			for _, peer := range rule.From {
				if peer.PodSelector != nil {
					add("NetworkPolicy "+one.Name+", from", peer.PodSelector)
				}
			}
		}
		for _, rule := range one.Spec.Egress {
			for _, peer := range rule.To {
				if peer.PodSelector != nil {
					add("NetworkPolicy "+one.Name+", to", peer.PodSelector)
				}
			}
		}
	}
	return found
}

// without returns the text of all objects except those of some API groups.
func (c cluster) without(groups ...string) string {
	c.t.Helper()
	var text strings.Builder
	for _, object := range c.objects.Resources() {
		if slices.Contains(groups, object.GetGvk().Group) {
			continue
		}
		one, err := object.AsYAML()
		check(c.t, err)
		text.WriteString("---\n" + string(one))
	}
	return text.String()
}
