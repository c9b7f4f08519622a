// In: the tables in which Caddy registers modules and Caddyfile directives.
// Out: the same tables with reverse_proxy replaced by ours, or untouched if this Caddy is not as expected.

package takeover

import (
	"fmt"
	"reflect"
	_ "unsafe" // for go:linkname

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"go.uber.org/zap"
)

// The documented configuration says `dynamic_upstreams` in a Caddyfile and an object under "upstreams" in JSON.
// Caddy's reverse_proxy knows neither, and refuses a second module or directive of that name. Replacing the two
// entries is the only way to accept the documented configuration as it stands, and to answer 410 from within the
// reverse proxy, so we reach for Caddy's own tables. The linker does not check these declarations: a renamed
// variable would be a nil map here, which is why takeOver looks before it writes and TestCaddyTables type-checks
// them against the source of the Caddy that is built.

//go:linkname caddyModules github.com/caddyserver/caddy/v2.modules
var caddyModules map[string]caddy.ModuleInfo

//go:linkname caddyfileDirectives github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile.registeredDirectives
var caddyfileDirectives map[string]httpcaddyfile.UnmarshalFunc

const (
	handlerID   = "http.handlers.reverse_proxy"
	directiveID = config.Directive
)

// shortcuts are Caddy's directives that take the options of reverse_proxy, beside their own, and make a handler of it.
var shortcuts = []string{"forward_auth", "php_fastcgi"}

// Register puts our handler in place of Caddy's, and refuses names of ours that stand where a directive is wanted.
func Register() {
	for _, name := range []string{documentedSubdirective, config.SourceName, "doors_handler"} {
		httpcaddyfile.RegisterDirective(name, misplacedDirective)
	}
	if err := takeOver(caddyModules, caddyfileDirectives); err != nil {
		// Said at every start and not kept for later: without our directive nothing of ours sees the documented
		// spelling, so only this line can explain Caddy's "unrecognized subdirective dynamic_upstreams".
		version, _ := caddy.Version()
		caddy.Log().Warn("doors_upstream: this version of Caddy does not take the documented spellings; write "+
			"`dynamic doors_upstream` in a Caddyfile and \"dynamic_upstreams\" in JSON",
			zap.String("caddy_version", version), zap.Error(err))
	}
}

// takeOver replaces the reverse_proxy handler module and directive in both tables, or neither, and with them the shortcuts.
func takeOver(modules map[string]caddy.ModuleInfo, directives map[string]httpcaddyfile.UnmarshalFunc) error {
	stockModule, ok := modules[handlerID]
	if !ok || stockModule.New == nil {
		return fmt.Errorf("the table of modules does not hold %s", handlerID)
	}
	if _, ok := stockModule.New().(*reverseproxy.Handler); !ok {
		return fmt.Errorf("%s is not Caddy's own but %T", handlerID, stockModule.New())
	}
	stockDirective, ok := directives[directiveID]
	if !ok || stockDirective == nil {
		return fmt.Errorf("the table of directives does not hold %s", directiveID)
	}
	modules[handlerID] = Handler{}.CaddyModule()
	registered, err := caddy.GetModule(handlerID)
	if err != nil || reflect.TypeOf(registered.New()) != reflect.TypeFor[*Handler]() {
		modules[handlerID] = stockModule
		return fmt.Errorf("the table of modules is not the one that Caddy reads")
	}
	directives[directiveID] = documentedDirective(stockDirective)
	for _, shortcut := range shortcuts {
		if stock := directives[shortcut]; stock != nil {
			directives[shortcut] = documentedDirective(stock)
		}
	}
	return nil
}
