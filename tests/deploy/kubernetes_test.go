package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	rollouts "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// versions are the supported versions of Kubernetes at the time of writing.
var versions = []string{"1.35.0", "1.36.0", "1.37.0"}

var kustomizations = []string{"base", "overlays/argo-rollouts", "overlays/keda"}

// customGroups are the API groups whose schemas are elsewhere.
var customGroups = []string{"argoproj.io", "keda.sh", "monitoring.coreos.com"}

func each(t *testing.T, test func(*testing.T, cluster)) {
	for _, folder := range kustomizations {
		t.Run(folder, func(t *testing.T) { test(t, build(t, folder)) })
	}
}

// Every field is allowed by the schemas of each Kubernetes version.
func TestKubernetesSchemas(t *testing.T) {
	output, ok := run(t, nil, filepath.Join(top(t), "scripts/stages/kubernetes-validate.sh"))
	lines := strings.Fields(output)
	if !ok || len(lines) == 0 {
		t.Fatal(output)
	}
	program := lines[len(lines)-1]
	arguments := []string{"--strict", "--quiet"}
	for _, version := range versions {
		arguments = append(arguments, "-k", version)
	}
	validate := func(text string) string {
		path := write(t, filepath.Join(t.TempDir(), "objects.yaml"), text, 0o600)
		output, ok := run(t, nil, program, append(slices.Clone(arguments), path)...)
		if !ok && output == "" {
			t.Fatal("kubernetes-validate has failed without a word")
		}
		return output
	}
	each(t, func(t *testing.T, c cluster) {
		if output := validate(c.without(customGroups...)); output != "" {
			t.Error(output)
		}
	})
	text := build(t, "base").text
	for right, wrong := range map[string]string{"maxSurge: 100%": "maxSurges: 100%", "clusterIP: None": "clusterIP: {}"} {
		if output := validate(strings.Replace(text, right, wrong, 1)); output == "" {
			t.Errorf("no version refuses %q: is this test blind?", wrong)
		}
	}
}

// Custom resources are decoded strictly too. ScaledObject is the exception: KEDA's module depends
// on half of Kubernetes.
func TestCustomResources(t *testing.T) {
	argo := build(t, "overlays/argo-rollouts")
	if n := len(every[monitoring.PodMonitor](argo, "PodMonitor")); n != 1 {
		t.Errorf("%d PodMonitors", n)
	}
	known := map[string]bool{}
	for _, one := range every[rollouts.AnalysisTemplate](argo, "AnalysisTemplate") {
		known[one.Name] = true
	}
	rollout := only[rollouts.Rollout](argo, "Rollout", "app")
	used := slices.Clone(rollout.Spec.Strategy.Canary.Analysis.Templates)
	for _, step := range rollout.Spec.Strategy.Canary.Steps {
		if step.Analysis != nil {
			used = append(used, step.Analysis.Templates...)
		}
	}
	for _, one := range used {
		if !known[one.TemplateName] {
			t.Errorf("the Rollout uses the missing AnalysisTemplate %s", one.TemplateName)
		}
	}
	lender := only[apps.Deployment](argo, "Deployment", rollout.Spec.WorkloadRef.Name)
	if *lender.Spec.Replicas != 0 || len(used) < 2 {
		t.Errorf("the Deployment makes %d pods beside those of the Rollout, which uses %d AnalysisTemplates", *lender.Spec.Replicas, len(used))
	}
	if keda := only[apps.Deployment](build(t, "overlays/keda"), "Deployment", "app"); keda.Spec.Replicas != nil {
		t.Errorf("the Deployment wants %d pods, whatever KEDA says", *keda.Spec.Replicas)
	}
}

// All pods satisfy the level "restricted" of the Pod Security Standards, and only the job of the
// KEDA overlay has access to the API server.
func TestPodsAreConfined(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	check(t, err)
	each(t, func(t *testing.T, c cluster) {
		for name, pod := range c.templates() {
			result := policy.AggregateCheckResults(evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()},
				&pod.ObjectMeta, &pod.Spec))
			if !result.Allowed {
				t.Errorf("%s: %s: %s", name, result.ForbiddenReason(), result.ForbiddenDetail())
			}
			token := pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken
			if token != (name == "deletion-cost") {
				t.Errorf("%s: a token for the API server: %v", name, token)
			}
		}
		accounts, roles := every[core.ServiceAccount](c, "ServiceAccount"), every[rbac.Role](c, "Role")
		if _, has := c.templates()["deletion-cost"]; has != (len(accounts) == 1) || has != (len(roles) == 1) || strings.Contains(c.text, "kind: ClusterRole") {
			t.Errorf("%d accounts, %d roles", len(accounts), len(roles))
		}
	})
}

// Each selector matches existing pods, all of the same kind.
func TestSelectors(t *testing.T) {
	each(t, func(t *testing.T, c cluster) {
		selectors := c.selectors()
		if len(selectors) < 10 {
			t.Errorf("only %d selectors: is this test blind?", len(selectors))
		}
		for what, selector := range selectors {
			var found []string
			for name, pod := range c.templates() {
				if selector.Matches(labels.Set(pod.Labels)) {
					found = append(found, name)
				}
			}
			if len(found) != 1 {
				t.Errorf("%s selects the pods of %v", what, found)
			}
		}
	})
}

// Caddy loads the Caddyfile of the ConfigMap with the variables of its pod, and all objects use the
// same ports, names and files.
func TestClusterCaddyfile(t *testing.T) {
	each(t, func(t *testing.T, c cluster) {
		pod := only[apps.Deployment](c, "Deployment", "caddy").Spec.Template.Spec
		container := pod.Containers[0]
		caddyfile := only[core.ConfigMap](c, "ConfigMap", "caddy").Data["Caddyfile"]
		env := []string{}
		for name, value := range only[core.ConfigMap](c, "ConfigMap", "caddy-env").Data {
			env = append(env, name+"="+value)
		}
		for _, variable := range container.Env {
			env = append(env, variable.Name+"="+strings.ReplaceAll(variable.Value, "$(NAMESPACE)", "default"))
		}
		validate(t, caddyfile, env...)

		service, app := only[core.Service](c, "Service", "app"), only[apps.Deployment](c, "Deployment", "app").Spec.Template.Spec
		if !slices.Contains(env, "APP_HOST="+service.Name+".default.svc.cluster.local.") {
			t.Errorf("Caddy asks for another name than %s: %v", service.Name, env)
		}
		if port := one(t, caddyfile, `upstream_port (.*)`); port != fmt.Sprint(service.Spec.Ports[0].Port) || port != fmt.Sprint(app.Containers[0].Ports[0].ContainerPort) {
			t.Errorf("Caddy dials port %s, the app has %v", port, service.Spec.Ports)
		}
		for _, port := range container.Ports {
			if !strings.Contains(caddyfile, fmt.Sprintf("\nhttp://:%d {\n", port.ContainerPort)) {
				t.Errorf("Caddy does not listen on port %d", port.ContainerPort)
			}
		}
		mounted := func(pod core.PodSpec, path, volume string) {
			t.Helper()
			mounts := pod.Containers[0].VolumeMounts
			i := slices.IndexFunc(mounts, func(m core.VolumeMount) bool { return m.MountPath == filepath.Dir(path) })
			if i < 0 || mounts[i].Name != volume || !slices.ContainsFunc(pod.Volumes, func(v core.Volume) bool { return v.Name == volume }) {
				t.Errorf("%s is not in the volume %s: %v", path, volume, mounts)
			}
		}
		mounted(pod, one(t, caddyfile, `secret \{file\.([^}]+)\}`), "secret")
		mounted(pod, one(t, file(t, "../Dockerfile"), `(?m)^CMD .*"--config", "([^"]+)"`), "config") // the image's own command
		for _, variable := range app.Containers[0].Env {
			if variable.Name == "DOORS_SECRET_FILE" {
				mounted(app, variable.Value, "secret")
			}
		}

		var stop time.Duration
		for _, option := range []string{"shutdown_delay", "grace_period"} {
			lasts, err := time.ParseDuration(one(t, caddyfile, option+` (.*)`))
			check(t, err)
			stop += lasts
		}
		if grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second; grace < stop+5*time.Second {
			t.Errorf("Caddy takes up to %v to stop, and is killed after %v", stop, grace)
		}
	})
}

// The kustomizations in the documents work in a clone and next to a copy of the folder.
func TestKustomizationsOfDocuments(t *testing.T) {
	for document, folder := range map[string]string{"README.md": "deploy", "deploy/kubernetes/README.md": "shop"} {
		t.Run(document, func(t *testing.T) {
			clone := t.TempDir()
			text, err := os.ReadFile(filepath.Join(top(t), document))
			check(t, err)
			write(t, filepath.Join(clone, "shop/kustomization.yaml"), one(t, string(text), "(?s)```yaml\n(.*?)```"), 0o600)
			check(t, os.CopyFS(filepath.Join(clone, folder, "kubernetes"), os.DirFS(filepath.Join(top(t), "deploy/kubernetes"))))
			c := render(t, filepath.Join(clone, "shop"))
			for _, one := range c.objects.Resources() {
				if one.GetNamespace() != "shop" {
					t.Errorf("%s %s is in the namespace %q", one.GetKind(), one.GetName(), one.GetNamespace())
				}
			}
			if n := len(every[monitoring.PodMonitor](c, "PodMonitor")); document != "README.md" && n != 1 {
				t.Errorf("%d PodMonitors", n)
			}
			if strings.Contains(c.text, "registry.example/") || strings.Contains(c.text, "ghcr.io/") || only[core.ConfigMap](c, "ConfigMap", "caddy-env").Data["POD_CIDR"] != "10.42.0.0/16" {
				t.Errorf("images or network are not replaced in\n%s", c.text)
			}
		})
	}
}

// Queries use metrics and labels that docs/metrics.md lists.
func TestQueries(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(top(t), "docs/metrics.md"))
	check(t, err)
	table := string(page)
	queries := 0
	each(t, func(t *testing.T, c cluster) {
		for _, use := range regexp.MustCompile(`(caddy_doors_\w+)\{([^}]*)\}`).FindAllStringSubmatch(c.text, -1) {
			queries++
			row := one(t, table, "(?m)^(\\| `"+use[1]+"` \\|.*)$")
			for _, pair := range regexp.MustCompile(`(\w+)="(\w+)"`).FindAllStringSubmatch(use[2], -1) {
				if pair[1] != "namespace" && (!strings.Contains(row, "`"+pair[1]+"`") || !strings.Contains(row, pair[2])) {
					t.Errorf("%s has no label %s", use[1], pair[0])
				}
			}
		}
	})
	if queries < 3 {
		t.Errorf("only %d queries: is this test blind?", queries)
	}
}

// The script of the KEDA overlay writes the number of pages if it has changed.
func TestDeletionCost(t *testing.T) {
	tools := t.TempDir()
	// A pod with a new number, one with the known number, a draining one, and one without an
	// address.
	write(t, filepath.Join(tools, "kubectl"), `#!/bin/sh
case $1 in
get) printf 'a 10.0.0.1 \nb 10.0.0.2 7\nc 10.0.0.3 1\nd  \ne 10.0.0.5 3\n' ;;
*) echo "$*" >>"$WRITTEN" ;;
esac
`, 0o755)
	write(t, filepath.Join(tools, "wget"), `#!/bin/sh
for url in "$@"; do :; done
case $url in
http://10.0.0.1:8080/readyz) echo '{"draining":false,"requests":9,"pages":12}' ;;
http://10.0.0.2:8080/readyz) echo '{"draining":false,"requests":9,"pages":7}' ;;
http://10.0.0.5:8080/readyz) echo '{"draining":false,"requests":0,"pages":0}' ;;
*) exit 1 ;;
esac
`, 0o755)
	written := filepath.Join(t.TempDir(), "written")
	if output, ok := run(t, []string{"PATH=" + tools + ":" + os.Getenv("PATH"), "WRITTEN=" + written},
		"sh", filepath.Join(top(t), "deploy/kubernetes/overlays/keda/deletion-cost.sh")); !ok {
		t.Error(output)
	}
	got, err := os.ReadFile(written)
	check(t, err)
	if want := "annotate --overwrite pod a controller.kubernetes.io/pod-deletion-cost=12\n" +
		"annotate --overwrite pod e controller.kubernetes.io/pod-deletion-cost=0\n"; string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
