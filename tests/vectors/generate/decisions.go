package main

// The numbers of the C API.
const (
	pod, gone, server, anyServer = 1, 2, 3, 4

	malformed, noKeyOpens, inNoCIDR                    = 1, 2, 4
	onlyUpstream, byCookie, noCookie, unusableCookie   = 16, 17, 18, 19
	pathPage, pathSync, pathHook, pathHistory, pathRes = 0, 1, 2, 3, 4
	pathOther                                          = 5
)

type upstreamConfig struct {
	CIDR  string   `json:"cidr,omitempty"`
	CIDRs []string `json:"cidrs,omitempty"`
	Host  string   `json:"host"`
	Port  int      `json:"port"`
}

type routerConfig struct {
	Secret     string           `json:"secret"`
	CookieName string           `json:"cookie_name,omitempty"`
	Upstreams  []upstreamConfig `json:"upstreams"`
}

// want is a decision, without the request.
type want struct {
	Kind     int     `json:"kind"`
	Reason   int     `json:"reason"`
	Upstream *int    `json:"upstream"`
	Key      *int    `json:"key"`
	Port     int     `json:"port"`
	PathKind int     `json:"path_kind"`
	Address  *string `json:"address"`
}

type request struct {
	Name          string `json:"name"`
	Path          string `json:"path"`
	PathBase64    string `json:"path_base64,omitempty"`
	Cookies       string `json:"cookies"`
	CookiesBase64 string `json:"cookies_base64,omitempty"`
	want
}

type routerVectors struct {
	Name     string       `json:"name"`
	Config   routerConfig `json:"config"`
	Requests []request    `json:"requests"`
}

type decisions struct {
	Routers []routerVectors `json:"routers"`
}

func decisionVectors() decisions {
	return decisions{[]routerVectors{
		oneUpstream(), oneUpstreamWithCookie(), severalUpstreams(), pathVectors(), cookieVectors(),
		severalKeys(), severalCIDRs(), everyAddress(),
	}}
}

// table collects the requests of one router.
type table struct {
	config   routerConfig
	requests []request
}

func (t *table) add(name, path, cookies string, w want) {
	t.requests = append(t.requests, request{Name: name, Path: path, Cookies: cookies, want: w})
}

func (t *table) vectors(name string) routerVectors { return routerVectors{name, t.config, t.requests} }

func (t *table) pod(upstream int, address string, pathKind int) want {
	return want{pod, 0, index(upstream), index(0), t.config.Upstreams[upstream].Port, pathKind, &address}
}

func (t *table) byCookie(upstream int, address string) want {
	return want{server, byCookie, index(upstream), index(0), t.config.Upstreams[upstream].Port, pathPage, &address}
}

func (t *table) only() want {
	return want{server, onlyUpstream, index(0), nil, t.config.Upstreams[0].Port, pathPage, nil}
}

func (w want) withKey(key int) want {
	w.Key = index(key)
	return w
}

func goneFor(reason, pathKind int) want { return want{gone, reason, nil, nil, 0, pathKind, nil} }

func outside(address string, pathKind int) want {
	return want{gone, inNoCIDR, nil, index(0), 0, pathKind, &address}
}

func anyOf(reason int) want { return want{anyServer, reason, nil, nil, 0, pathPage, nil} }

func tokenOf(address string) string { return sealText(keyA32, "decision", address) }
