package status

import "fmt"

// RolloutOf sums up pods.
func RolloutOf(pods []Pod) (rollout Rollout) {
	var draining, drained *float64
	for _, pod := range pods {
		switch {
		case pod.Drained:
			rollout.Drained++
			if ago := pod.DrainedSecondsAgo; ago != nil && (drained == nil || *ago < *drained) {
				drained = ago
			}
		case pod.Generation == Draining:
			rollout.Draining++
			rollout.Pages += pod.Streams
			if ago := pod.DrainingSecondsAgo; ago != nil && (draining == nil || *ago > *draining) {
				draining = ago
			}
		}
	}
	switch {
	case rollout.Draining > 0:
		rollout.SinceSecondsAgo = draining
		rollout.Headline = fmt.Sprintf("%s draining, %s left", Count(rollout.Draining, "pod"), Count(rollout.Pages, "page"))
		if draining != nil {
			rollout.Headline += ", for " + age(*draining)
		}
	case rollout.Drained > 0:
		rollout.SinceSecondsAgo = drained
		rollout.Headline = "complete"
		if drained != nil {
			rollout.Headline += " for " + age(*drained)
		}
		rollout.Headline += ": " + Count(rollout.Drained, "pod") + " drained"
	default:
		rollout.Headline = "no pod is draining"
	}
	return rollout
}

// Count returns a number with its noun.
func Count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// age formats a time in seconds. page.js has the same rule.
func age(seconds float64) string {
	switch {
	case seconds < 90:
		return fmt.Sprintf("%d s", int(seconds))
	case seconds < 5400:
		return fmt.Sprintf("%d min", int(seconds/60))
	case seconds < 172800:
		return fmt.Sprintf("%d h", int(seconds/3600))
	default:
		return fmt.Sprintf("%d d", int(seconds/86400))
	}
}
