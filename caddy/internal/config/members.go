// In: a JSON object.
// Out: its members, found the way that Caddy and Go's decoder find them.

package config

import (
	"encoding/json"
	"strings"
)

// Members splits a JSON object into its members; no JSON at all has none.
func Members(object json.RawMessage) (map[string]json.RawMessage, error) {
	if len(object) == 0 {
		return nil, nil
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal(object, &members)
	return members, err
}

// MemberKey finds a member the way Go's JSON decoder does: in any case.
func MemberKey(members map[string]json.RawMessage, name string) (key string, found bool) {
	for key := range members {
		if strings.EqualFold(key, name) {
			return key, true
		}
	}
	return "", false
}

// SourceOf returns the name of the upstream source that a JSON object configures, "" if it is no such object. It looks for the
// very member that Caddy looks for, in lower case.
func SourceOf(config json.RawMessage) (name string) {
	members, err := Members(config)
	if err != nil || json.Unmarshal(members["source"], &name) != nil {
		return ""
	}
	return name
}
