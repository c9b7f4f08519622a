package config

import (
	"strings"

	"github.com/spf13/cobra"
)

// instead returns advice about an unknown name: known names that are similar or contain it as a word,
// and the list of all known names. Cobra finds similar names, as it does for commands.
func instead(unknown, what string, known []string) string {
	commands := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range known {
		commands.AddCommand(&cobra.Command{Use: name, SuggestFor: strings.Split(name, "_"), Run: func(*cobra.Command, []string) {}})
	}
	text := "the " + what + " are: " + strings.Join(known, ", ")
	if alike := commands.SuggestionsFor(unknown); len(alike) > 0 {
		text = "did you mean " + strings.Join(alike, " or ") + "? " + strings.ToUpper(text[:1]) + text[1:]
	}
	return text
}
