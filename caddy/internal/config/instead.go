package config

import (
	"strings"

	"github.com/spf13/cobra"
)

// DidYouMean returns a question about the known names that are similar to an unknown one or contain
// it as a word, or "" if there are none. Cobra finds similar names, as it does for commands.
func DidYouMean(unknown string, known []string) string {
	commands := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range known {
		commands.AddCommand(&cobra.Command{Use: name, SuggestFor: strings.Split(name, "_"), Run: func(*cobra.Command, []string) {}})
	}
	if similar := commands.SuggestionsFor(unknown); len(similar) > 0 {
		return "did you mean " + strings.Join(similar, " or ") + "?"
	}
	return ""
}

// instead returns advice about an unknown name: similar names, and the list of all known ones.
func instead(unknown, what string, known []string) string {
	list := what + " are: " + strings.Join(known, ", ")
	if question := DidYouMean(unknown, known); question != "" {
		return question + " The " + list
	}
	return "the " + list
}
