// In: pods.
// Out: what is going on, in a few numbers and one line for people.

package status

import (
	"fmt"
	"time"
)

// RolloutOf sums up pods.
func RolloutOf(pods []Pod) (rollout Rollout) {
	since := -1.0 // when the last pod drained, in seconds before
	for _, pod := range pods {
		switch {
		case pod.Drained:
			rollout.Drained++
			if seen := pod.LastSeenSecondsAgo; seen != nil && (since < 0 || *seen < since) {
				since = *seen
			}
		case pod.Generation == Draining:
			rollout.Draining++
			rollout.Pages += pod.Streams
		}
	}
	switch {
	case rollout.Draining > 0:
		rollout.Headline = fmt.Sprintf("%s draining, %s left", Count(rollout.Draining, "pod"), Count(rollout.Pages, "page"))
	case rollout.Drained > 0:
		rollout.Headline = "complete: " + Count(rollout.Drained, "pod") + " drained"
		if since >= 0 {
			rollout.Headline += fmt.Sprintf(", the last request %v ago", time.Duration(since)*time.Second)
		}
	default:
		rollout.Headline = "no pod is draining"
	}
	return rollout
}

// Count is a number of things, for people.
func Count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
