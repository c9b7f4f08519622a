#!/usr/bin/env bash
# Stands for kubectl: it knows the verbs that the documents use, and a kustomization that is applied must be there. What it
# renders to is for tests/deploy.
set -euo pipefail
fail() {
    printf 'kubectl: %s\n' "$1" >&2
    exit 1
}
while [[ ${1-} == --namespace ]]; do shift 2; done
case ${1-} in
apply)
    [ "${2-}" = --kustomize ] || fail "apply ${2-} is not expected"
    [ -f "${3-}/kustomization.yaml" ] || fail "there is no ${3-}/kustomization.yaml"
    ;;
create | get | port-forward | run | delete | rollout) [ $# -ge 2 ] || fail "$1 needs an argument" ;;
*) fail "${1-} is not expected" ;;
esac
