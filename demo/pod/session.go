package pod

import (
	"crypto/rand"
	"net/http"
	"slices"
	"time"
)

// session is a browser, identified by its session cookie. The pod's mutex guards it.
type session struct {
	id        string
	renewed   time.Time
	instances map[string]*instance
	order     []*instance // oldest first
}

// enter returns the session of a request, or a new one. It sets both cookies for a new session, and
// again on any answer once half a roll has passed.
func (p *Pod) enter(w http.ResponseWriter, r *http.Request) *session {
	now := time.Now()
	var expired []*instance
	defer func() { // after the mutex is unlocked
		for _, one := range expired {
			p.end(one, endKilled)
		}
	}()
	p.mu.Lock()
	defer p.mu.Unlock()
	var found *session
	if cookie, err := r.Cookie(p.SessionCookie()); err == nil {
		found = p.sessions[cookie.Value]
		if found != nil && now.Sub(found.renewed) > p.config.SessionTTL {
			delete(p.sessions, found.id)
			expired, found = slices.Clone(found.order), nil
		}
	}
	fresh := found == nil
	if fresh {
		p.forgetSessions(now)
		found = &session{id: rand.Text(), renewed: now, instances: map[string]*instance{}}
		p.sessions[found.id] = found
		p.counters.sessions.Add(1)
	}
	if fresh || now.Sub(found.renewed) > p.config.Roll/2 {
		found.renewed = now
		p.setCookie(w, p.SessionCookie(), found.id)
		if !p.drain.began {
			p.setCookie(w, p.config.StickyCookie, p.token)
		}
	}
	return found
}

func (p *Pod) setCookie(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(p.config.SessionTTL / time.Second),
		HttpOnly: true, Secure: p.config.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// forgetSessions removes expired sessions, now and then. The caller holds the mutex.
func (p *Pod) forgetSessions(now time.Time) {
	if p.counters.sessions.Load()%1024 != 1023 {
		return
	}
	for id, session := range p.sessions {
		if len(session.instances) == 0 && now.Sub(session.renewed) > p.config.SessionTTL {
			delete(p.sessions, id)
		}
	}
}

// find returns an instance of this session, or nil if it was never made here, has ended, or belongs
// to another session.
func (s *session) find(p *Pod, id string) *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.instances[id]
}
