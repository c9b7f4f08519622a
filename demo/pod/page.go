package pod

import (
	_ "embed"
	"html/template"
	"net/http"
	"time"
)

//go:embed page.html
var pageSource string

var plainPage = template.Must(template.New("page").Parse(pageSource))

// PageData is the data for Config.Page.
type PageData struct {
	Name, Address, Generation, Path string
	Prefix, Instance, Script        string // for the element that loads the script, as in page.html
	RollMilliseconds                int64
	Draining                        bool
}

func (p *Pod) servePage(w http.ResponseWriter, r *http.Request, owner *session) {
	if r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	made := p.newInstance(owner, r.URL.Path)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	body, finish := compressed(w, r)
	defer finish()
	// A write fails if the client has gone. The instance then ends by its connect timeout.
	_ = p.config.Page.Execute(body, PageData{
		Name: p.config.Name, Address: p.address.String(), Generation: p.config.Generation, Path: r.URL.Path,
		Prefix: "/~/" + p.token, Instance: made.id, Script: p.script,
		RollMilliseconds: int64(p.config.Roll / time.Millisecond), Draining: p.Draining(),
	})
}
