package takeover

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
)

// caddyDirectory returns the source directory of the Caddy that is built.
func caddyDirectory(t *testing.T) string {
	t.Helper()
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/caddyserver/caddy/v2").Output()
	if err != nil {
		t.Fatalf("finding Caddy's source: %v", err)
	}
	return strings.TrimSpace(string(output))
}

// The linker does not check the names and types of Caddy's tables, so this test compares them with
// Caddy's source.
func TestCaddyTables(t *testing.T) {
	directory := caddyDirectory(t)
	for _, table := range []struct{ pkg, name, made string }{
		{".", "modules", "make(map[string]ModuleInfo)"},
		{"caddyconfig/httpcaddyfile", "registeredDirectives", "make(map[string]UnmarshalFunc)"},
	} {
		if made := initialValue(t, filepath.Join(directory, table.pkg), table.name); made != table.made {
			t.Errorf("%s.%s is initialised with %q, want %q", table.pkg, table.name, made, table.made)
		}
	}
}

// initialValue returns the initial value of a package-level variable, as an expression.
func initialValue(t *testing.T, directory, variable string) string {
	t.Helper()
	packages, err := parser.ParseDir(token.NewFileSet(), directory, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var value string
	for _, pkg := range packages {
		ast.Inspect(pkg, func(node ast.Node) bool {
			if _, inFunction := node.(*ast.FuncDecl); inFunction {
				return false
			}
			if spec, ok := node.(*ast.ValueSpec); ok {
				for i, name := range spec.Names {
					if name.Name == variable && i < len(spec.Values) {
						value = types.ExprString(spec.Values[i])
					}
				}
			}
			return true
		})
	}
	return value
}

func TestTakenOver(t *testing.T) {
	info, err := caddy.GetModule(handlerID)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := info.New().(*Handler); !ok {
		t.Fatalf("%s makes a %T", handlerID, info.New())
	}
}

// If Caddy's tables are not as expected, both stay unchanged.
func TestTakeOverRefuses(t *testing.T) {
	stock := caddy.ModuleInfo{ID: handlerID, New: caddytest.NewStockHandler}
	directive := func(httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) { return nil, nil }
	tests := []struct {
		name       string
		modules    map[string]caddy.ModuleInfo
		directives map[string]httpcaddyfile.UnmarshalFunc
		want       string
	}{
		{"no table of modules", nil, map[string]httpcaddyfile.UnmarshalFunc{config.Directive: directive}, "is not in the table of modules"},
		{"no table of directives", map[string]caddy.ModuleInfo{handlerID: stock}, nil, "is not in the table of directives"},
		{"another handler", map[string]caddy.ModuleInfo{handlerID: Handler{}.CaddyModule()}, map[string]httpcaddyfile.UnmarshalFunc{config.Directive: directive}, "not Caddy's own"},
		{"a table that Caddy does not read", map[string]caddy.ModuleInfo{handlerID: stock}, map[string]httpcaddyfile.UnmarshalFunc{config.Directive: directive}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.want == "" {
				// caddy.GetModule reads Caddy's own table, which must not have our handler in this
				// case.
				restore := caddytest.PutBackStock(t)
				defer restore()
				test.want = "not the one that Caddy reads"
			}
			err := takeOver(test.modules, test.directives)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
			if module, ok := test.modules[handlerID]; ok && test.name != "another handler" {
				if _, ours := module.New().(*Handler); ours {
					t.Error("the handler was replaced all the same")
				}
			}
		})
	}
}
