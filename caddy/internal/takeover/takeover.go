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

// The documented configuration has `dynamic_upstreams` in a Caddyfile and an object under
// "upstreams" in JSON. Caddy's reverse_proxy accepts neither, and Caddy panics if a module or
// directive is registered twice. So we replace both entries in Caddy's own tables. That is the only
// way to accept the configuration and to answer 410 from within the reverse proxy. The linker does
// not check these declarations, and a renamed variable would be a nil map. So takeOver checks the
// maps before it writes, and TestCaddyTables type-checks the declarations against the source of the
// Caddy that is built.

//go:linkname caddyModules github.com/caddyserver/caddy/v2.modules
var caddyModules map[string]caddy.ModuleInfo

//go:linkname caddyfileDirectives github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile.registeredDirectives
var caddyfileDirectives map[string]httpcaddyfile.UnmarshalFunc

const handlerID = "http.handlers." + config.Directive

// wrappedDirectives are Caddy's directives that accept the options of reverse_proxy and make its
// handler.
var wrappedDirectives = []string{config.Directive, "forward_auth", "php_fastcgi"}

// Register replaces Caddy's handler and directive. It also registers our option names as directives
// that return a helpful error.
func Register() {
	for _, name := range []string{documentedSubdirective, config.SourceName} {
		httpcaddyfile.RegisterDirective(name, misplacedDirective)
	}
	if err := takeOver(caddyModules, caddyfileDirectives); err != nil {
		// Logged at every start, not kept for later: without our directive only this line can
		// explain Caddy's "unrecognized subdirective dynamic_upstreams".
		version, _ := caddy.Version()
		caddy.Log().Warn("this version of Caddy does not accept dynamic_upstreams doors_upstream; write "+
			"\"dynamic doors_upstream\" in a Caddyfile and \"dynamic_upstreams\" in JSON",
			zap.String("caddy_version", version), zap.Error(err))
	}
}

// takeOver replaces the reverse_proxy module and the directives in both tables, or changes nothing.
func takeOver(modules map[string]caddy.ModuleInfo, directives map[string]httpcaddyfile.UnmarshalFunc) error {
	stockModule, ok := modules[handlerID]
	if !ok || stockModule.New == nil {
		return fmt.Errorf("%s is not in the table of modules", handlerID)
	}
	if _, ok := stockModule.New().(*reverseproxy.Handler); !ok {
		return fmt.Errorf("%s is not Caddy's own but %T", handlerID, stockModule.New())
	}
	if directives[config.Directive] == nil {
		return fmt.Errorf("%s is not in the table of directives", config.Directive)
	}
	modules[handlerID] = Handler{}.CaddyModule()
	registered, err := caddy.GetModule(handlerID)
	if err != nil || reflect.TypeOf(registered.New()) != reflect.TypeFor[*Handler]() {
		modules[handlerID] = stockModule
		return fmt.Errorf("the table of modules is not the one that Caddy reads")
	}
	for _, name := range wrappedDirectives {
		if stock := directives[name]; stock != nil {
			directives[name] = documentedDirective(stock)
		}
	}
	return nil
}
