package original_test

import _ "github.com/doors-dev/doors-caddy/caddy" // registers the modules that tests load
