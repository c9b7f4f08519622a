#!/bin/sh
# Sets the annotation pod-deletion-cost of each pod to its number of pages. Among equally ready pods, a
# ReplicaSet removes those with the lowest cost first.
set -eu

kubectl get pods --selector app.kubernetes.io/name=app --field-selector status.phase=Running --output \
    'jsonpath={range .items[*]}{.metadata.name} {.status.podIP} {.metadata.annotations.controller\.kubernetes\.io/pod-deletion-cost}{"\n"}{end}' |
    while read -r name address known; do
        # A draining or unreachable pod returns no number, and does not need one.
        pages=$(wget -q -T 2 -O - "http://$address:8080/readyz" | sed -n 's/.*"pages":\([0-9]*\).*/\1/p')
        if [ -n "$pages" ] && [ "$pages" != "$known" ]; then
            kubectl annotate --overwrite pod "$name" "controller.kubernetes.io/pod-deletion-cost=$pages" </dev/null
        fi
    done
