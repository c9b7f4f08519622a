package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/demo/board"
)

const (
	replicas  = 2
	addresses = 10              // from 127.0.1.1: enough for five versions at a time
	restart   = 3 * time.Second // time until a killed pod is replaced
)

// fleet is the set of all pods: two for each version, as long as they have pages. The main
// goroutine runs its orders one after the other, so its fields need no lock.
type fleet struct {
	chosen options
	secret string
	names  *names
	screen *screen
	orders chan func()
	busy   atomic.Bool             // a deployment is running
	framed atomic.Pointer[process] // has the page that the story shows

	ctx     context.Context
	free    []netip.Addr // longest free first
	pods    []*process   // in the order in which they were started
	current board.Version
}

// podAddresses returns all addresses of pods.
func podAddresses() (all []netip.Addr) {
	for last := range addresses {
		all = append(all, netip.AddrFrom4([4]byte{127, 0, 1, byte(1 + last)}))
	}
	return all
}

func newFleet(ctx context.Context, chosen options, secret string, names *names, screen *screen) *fleet {
	return &fleet{chosen: chosen, secret: secret, names: names, screen: screen, ctx: ctx, orders: make(chan func()), free: podAddresses()}
}

// order runs what on the main goroutine, unless the demo ends.
func (f *fleet) order(what func()) {
	select {
	case f.orders <- what:
	case <-f.ctx.Done():
	}
}

// orderDeploy orders the next version, unless a deployment is running.
func (f *fleet) orderDeploy() {
	if f.busy.CompareAndSwap(false, true) {
		go f.order(f.deploy)
	}
}

// orderKill orders the end of one pod.
func (f *fleet) orderKill() { go f.order(f.kill) }

func (f *fleet) deploy() {
	defer f.busy.Store(false)
	before, next := f.of(f.current), board.VersionOf(f.current.Number+1)
	started, err := f.startAll(next)
	if err != nil {
		for _, pod := range started {
			pod.killed = true
			pod.signal(syscall.SIGKILL)
		}
		f.fail(err)
		return
	}
	f.current = next
	f.screen.say(eventUp, "Version %d (%s) is up on %s.", next.Number, next.Name, placesOf(started))
	asked := f.publish(append(before, started...))
	if len(before) > 0 {
		select { // without visitors Caddy does not look the name up
		case <-asked:
		case <-f.ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
	pages := int64(0)
	for _, pod := range before {
		pages += pod.pages.Load()
		pod.draining = true
		pod.signal(syscall.SIGTERM)
	}
	for _, pod := range before {
		pod.refuses(f.ctx)
	}
	f.publish(started)
	f.screen.version(next)
	if len(before) > 0 {
		f.screen.say(eventDrain, "Version %d was told to stop (SIGTERM): new pages go to version %d. It goes on for the %s open on it.",
			before[0].version.Number, next.Number, plural(pages, "page that is", "pages that are"))
	}
}

// startAll starts the pods of a version, and waits until they take pages.
func (f *fleet) startAll(version board.Version) (started []*process, err error) {
	if err := f.makeRoom(); err != nil {
		return nil, err
	}
	for range replicas {
		pod, err := f.start(version)
		if err != nil {
			return started, err
		}
		started = append(started, pod)
	}
	for _, pod := range started {
		if err := pod.wait(f.ctx); err != nil {
			return started, err
		}
	}
	return started, nil
}

// makeRoom ends the oldest version if no address is free.
func (f *fleet) makeRoom() error {
	if len(f.free) >= replicas {
		return nil
	}
	oldest := f.of(f.pods[0].version)
	pages := int64(0)
	for _, pod := range oldest {
		pages += pod.pages.Load()
	}
	f.screen.say(eventDrain, "All %d addresses are taken. Version %d gets a second SIGTERM, which ends it at once: its %s on the new version.",
		addresses, oldest[0].version.Number, plural(pages, "page reloads", "pages reload"))
	for _, pod := range oldest {
		pod.killed = true
		pod.signal(syscall.SIGTERM)
		select {
		case <-pod.ended:
			f.leave(pod)
		case <-time.After(20 * time.Second):
			return fmt.Errorf("the pod on %s does not end", pod.address)
		}
	}
	return nil
}

// start starts a pod on a free address.
func (f *fleet) start(version board.Version) (*process, error) {
	pod, err := startProcess(f.free[0], version, f.chosen, f.secret, f.heard, func(pod *process) { f.order(func() { f.ended(pod) }) })
	if err != nil {
		return nil, err
	}
	f.free = f.free[1:]
	f.pods = append(f.pods, pod)
	return pod, nil
}

// heard handles a line of a pod. The pod's own goroutine calls it.
func (f *fleet) heard(pod *process, line board.Line) {
	number := pod.version.Number
	switch {
	case line.Kind == board.PageMoved:
		f.screen.say(eventPage, "A link led a page away from version %d: it opens on the newest one.", number)
	case line.Kind == board.PageOpened && line.Frame:
		f.screen.say(eventPage, "The page in the frame opened on version %d, pod %s.", number, pod.address)
		f.framed.Store(pod)
	case line.Kind == board.PageOpened:
		f.screen.say(eventPage, "A page opened in a tab, on version %d, pod %s.", number, pod.address)
	}
}

// kill kills the pod of the page in the frame, or else the pod with the most pages.
func (f *fleet) kill() {
	var living []*process
	for _, pod := range f.pods {
		if !pod.killed {
			living = append(living, pod)
		}
	}
	if len(living) == 0 {
		return
	}
	victim := slices.MaxFunc(living, func(a, b *process) int { return int(a.pages.Load() - b.pages.Load()) })
	if framed := f.framed.Load(); slices.Contains(living, framed) {
		victim = framed
	}
	victim.killed = true
	f.screen.say(eventKill, "%s (version %d) was killed (SIGKILL): its %s on another pod.", victim.address, victim.version.Number, plural(victim.pages.Load(), "page reloads", "pages reload"))
	victim.signal(syscall.SIGKILL)
}

// ended handles the end of a pod.
func (f *fleet) ended(pod *process) {
	if !slices.Contains(f.pods, pod) {
		return
	}
	f.leave(pod)
	number := pod.version.Number
	switch {
	case pod.killed:
	case !pod.draining || pod.err != nil:
		f.screen.say(eventWrong, "%s (version %d) ended by itself: %v", pod.address, number, pod.err)
	default:
		f.screen.say(eventDrain, "%s (version %d) has ended, after its last page.", pod.address, number)
	}
	if pod.version == f.current {
		f.publish(f.of(f.current))
		time.AfterFunc(restart, func() { f.order(f.replace) })
	} else if pod.version.Number < f.current.Number && len(f.of(pod.version)) == 0 {
		rest := ""
		if len(f.of(f.current)) == len(f.pods) {
			rest = fmt.Sprintf(" The rollout of version %d is complete.", f.current.Number)
		}
		f.screen.say(eventUp, "Version %d is gone: its last page has ended.%s", number, rest)
	}
}

// replace starts the missing pods of the current version.
func (f *fleet) replace() {
	if len(f.of(f.current)) >= replicas || len(f.free) == 0 {
		return
	}
	pod, err := f.start(f.current)
	if err == nil {
		err = pod.wait(f.ctx)
	}
	if err != nil {
		f.fail(err)
		return
	}
	f.publish(f.of(f.current))
	f.screen.say(eventUp, "%s (version %d) takes the place of the killed pod.", pod.address, pod.version.Number)
}

// leave removes a pod that has ended.
func (f *fleet) leave(pod *process) {
	f.pods = slices.DeleteFunc(f.pods, func(other *process) bool { return other == pod })
	f.free = append(f.free, pod.address)
}

// publish sets the pods for new pages in DNS. The channel is closed when Caddy has got them.
func (f *fleet) publish(pods []*process) (asked <-chan struct{}) {
	var addresses []netip.Addr
	for _, pod := range pods {
		addresses = append(addresses, pod.address)
	}
	return f.names.set(addresses)
}

// of returns the running pods of a version.
func (f *fleet) of(version board.Version) (found []*process) {
	for _, pod := range f.pods {
		if pod.version == version {
			found = append(found, pod)
		}
	}
	return found
}

// stop ends all pods.
func (f *fleet) stop() {
	for _, pod := range f.pods {
		pod.signal(syscall.SIGKILL)
		<-pod.ended
	}
}

func (f *fleet) fail(err error) {
	if f.ctx.Err() == nil {
		f.screen.say(eventWrong, "%v", err)
	}
}

func placesOf(pods []*process) string {
	var addresses []string
	for _, pod := range pods {
		addresses = append(addresses, pod.address.String())
	}
	return strings.Join(addresses, " and ")
}

func plural(number int64, one, many string) string {
	if number == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", number, many)
}
