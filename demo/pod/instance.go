package pod

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// The end of an instance, as its stream reports it: the byte of the last frame.
const (
	endKilled    byte = frameKill
	endSuspended byte = frameSuspend
)

// instance is one open page.
type instance struct {
	id      string
	path    string
	session *session
	expiry  *time.Timer
	ended   chan struct{} // closed when it has ended; lastFrame is set before

	mu        sync.Mutex
	lastFrame byte
	boot      string // the first script boot that connected
	actions   []action
	nextSeq   int
	reports   []int // received but not yet confirmed to the client
	stream    *stream
	hooks     map[string]*sync.Mutex
	clicks    int
}

// action is a command for the page, kept until the page has reported it.
type action struct {
	seq  int
	name string
	args []any
}

// newInstance returns the instance of a page load.
func (p *Pod) newInstance(owner *session, path string) *instance {
	made := &instance{
		id: rand.Text(), path: path, session: owner, nextSeq: 1,
		ended: make(chan struct{}), hooks: map[string]*sync.Mutex{},
	}
	p.mu.Lock()
	var oldest *instance
	if len(owner.order) >= MaxInstances {
		oldest = owner.order[0]
	}
	owner.instances[made.id] = made
	owner.order = append(owner.order, made)
	p.instances++
	made.expiry = time.AfterFunc(p.config.ConnectTimeout, func() { p.end(made, endKilled) })
	p.mu.Unlock()
	p.observe(Event{Kind: InstanceBegan, Instance: made.id})
	if oldest != nil {
		p.end(oldest, endSuspended)
	}
	return made
}

// end ends an instance once. The last one of a draining pod completes the drain.
func (p *Pod) end(i *instance, last byte) {
	p.mu.Lock()
	if i.session.instances[i.id] == nil {
		p.mu.Unlock()
		return
	}
	delete(i.session.instances, i.id)
	for index, other := range i.session.order {
		if other == i {
			i.session.order = append(i.session.order[:index:index], i.session.order[index+1:]...)
			break
		}
	}
	p.instances--
	over := p.drain.take(p.instances)
	p.mu.Unlock()

	i.expiry.Stop()
	i.mu.Lock()
	i.lastFrame = last
	i.mu.Unlock()
	close(i.ended)
	p.observe(Event{Kind: InstanceEnded, Instance: i.id})
	p.drained(over)
}

func (p *Pod) endAll(last byte) {
	p.mu.Lock()
	var living []*instance
	for _, session := range p.sessions {
		living = append(living, session.order...)
	}
	p.mu.Unlock()
	for _, i := range living {
		p.end(i, last)
	}
}

// InstanceOf returns the instance of a request, for raw hooks.
func InstanceOf(r *http.Request) string { return parseTarget(r.RequestURI).instance }

// Send queues an action for the page of an instance. It reports whether this pod has the instance.
// encoding/json must be able to encode the arguments.
func (p *Pod) Send(id, name string, args ...any) bool {
	p.mu.Lock()
	var found *instance
	for _, session := range p.sessions {
		if i := session.instances[id]; i != nil {
			found = i
			break
		}
	}
	p.mu.Unlock()
	if found == nil {
		return false
	}
	found.send(name, args...)
	return true
}

// bind ties the instance to the first script that connects. A duplicated tab or a cached page boots
// another one and is refused.
func (i *instance) bind(boot string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.boot == "" {
		i.boot = boot
	}
	return i.boot == boot
}

func (i *instance) send(name string, args ...any) {
	if args == nil {
		args = []any{}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.actions = append(i.actions, action{seq: i.nextSeq, name: name, args: args})
	i.nextSeq++
	i.stream.wake()
}

// report handles a report of the page: [id, timestamp, {seq: [ok, error]}, gaps]. The reported
// actions are done and removed.
func (i *instance) report(message []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(message, &parts); err != nil {
		return err
	}
	if len(parts) < 3 {
		return errShortReport
	}
	var id int
	if err := json.Unmarshal(parts[0], &id); err != nil {
		return err
	}
	var done map[int]json.RawMessage
	if err := json.Unmarshal(parts[2], &done); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	kept := i.actions[:0]
	for _, action := range i.actions {
		if _, ok := done[action.seq]; !ok {
			kept = append(kept, action)
		}
	}
	i.actions = kept
	i.reports = append(i.reports, id)
	i.stream.wake()
	return nil
}

// hookLock returns a mutex that serializes the calls of a hook.
func (i *instance) hookLock(hook string) *sync.Mutex {
	i.mu.Lock()
	defer i.mu.Unlock()
	lock := i.hooks[hook]
	if lock == nil {
		lock = &sync.Mutex{}
		i.hooks[hook] = lock
	}
	return lock
}
