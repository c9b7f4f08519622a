// In: a configuration, a path and cookies.
// Out: what each source would do with such a request, in words or JSON.

package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func explain(module Module) *cobra.Command {
	cmd := takesConfig(subcommand("explain --path <path> [--cookie <cookies>] [--config <path> [--adapter <name>]] [--source <number>] [--json]",
		"Explains where a request goes, and why", `
Reads the configuration and says, step by step, what its doors_upstream sources
would do with a request: which key opens the token, which address is in it,
which upstream that belongs to, and what the proxy does then. Nothing is
resolved, dialled or sent.

--path takes a path or a whole URL, as it stands in an access log. --cookie takes
the value of a Cookie header and may be repeated. Tokens, cookies and secrets are
not repeated in the output.

Every source answers, numbered from 0, as if the request reached it: which site
or route it reaches is Caddy's own business. --source picks one.
`, arguments(0), func(cmd *cobra.Command, _ []string) error { return runExplain(cmd, module) }))
	cmd.Flags().String("path", "", "Path or URL of the request")
	cmd.Flags().StringArray("cookie", nil, "Value of the request's Cookie header")
	cmd.Flags().Int("source", -1, "Number of the one source to ask (default: all)")
	cmd.Flags().Bool("json", false, "Print JSON")
	return cmd
}

func runExplain(cmd *cobra.Command, module Module) error {
	flags := cmd.Flags()
	path, _ := flags.GetString("path")
	cookies, _ := flags.GetStringArray("cookie")
	number, _ := flags.GetInt("source")
	asJSON, _ := flags.GetBool("json")
	path, err := requestPath(path)
	if err != nil {
		return err
	}
	config, _, err := readConfig(cmd)
	if err != nil {
		return err
	}
	sources, err := module.Sources(config)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return errNoSource
	}
	if flags.Changed("source") && (number < 0 || number >= len(sources)) {
		return fmt.Errorf("--source %d: the configuration has the sources 0 to %d", number, len(sources)-1)
	}
	explanations := []Explanation{}
	for i := range sources {
		if flags.Changed("source") && i != number {
			continue
		}
		decision, err := sources[i].Router.Decide(path, strings.Join(cookies, "; "))
		if err != nil {
			return fmt.Errorf("source %d: %w", i, err)
		}
		explanation, err := explanationOf(&sources[i], i, decision)
		if err != nil {
			return err
		}
		explanations = append(explanations, explanation)
	}
	if asJSON {
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetIndent("", "  ")
		return encoder.Encode(explanations)
	}
	return printExplanations(cmd.OutOrStdout(), explanations)
}

// requestPath takes the escaped path out of what stands in the first line of a request. Its errors do not repeat the
// path, which may hold a token.
func requestPath(text string) (string, error) {
	if text == "" {
		return "", errors.New("--path is missing: a path or URL")
	}
	parsed, err := url.ParseRequestURI(text)
	switch {
	case err != nil, parsed.Opaque != "", parsed.Path == "" && parsed.Host == "":
		return "", errors.New("--path must be a path that begins with /, or a URL")
	case parsed.Path == "":
		return "/", nil
	}
	return parsed.EscapedPath(), nil
}

func printExplanations(out io.Writer, explanations []Explanation) error {
	for i, explanation := range explanations {
		if i > 0 {
			if _, err := fmt.Fprintln(out); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(out, "source %d, %s\n", explanation.Source, explanation.Place); err != nil {
			return err
		}
		for step, text := range explanation.Steps {
			if _, err := fmt.Fprintf(out, "  %d. %s\n", step+1, text); err != nil {
				return err
			}
		}
	}
	return nil
}
