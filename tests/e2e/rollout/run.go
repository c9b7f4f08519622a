package main

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/browser"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/ledger"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/network"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/proxy"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/site"
)

type run struct {
	options
	ctx    context.Context
	began  time.Time
	folder string
	secret string

	fleet    *fleet.Fleet
	ledger   *ledger.Ledger
	row      *ledger.Row // of the phase
	world    *browser.World
	config   proxy.Config
	site     *site.Site
	replicas []*proxy.Replica // all that were started
	serving  []*proxy.Replica // those that get new connections from the load balancer

	leave    context.CancelFunc // ends the visits
	visitors sync.WaitGroup
}

func newSecret() string {
	key := make([]byte, 32)
	_, _ = cryptorand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// newRun starts the name server, the first pods and the proxy.
func newRun(ctx context.Context, chosen options, noNamespace error) (made *run, err error) {
	r := &run{options: chosen, ctx: ctx, began: time.Now(), secret: newSecret(), ledger: ledger.New("steady")}
	defer func() {
		if err != nil {
			r.abandon()
		}
	}()
	if err := r.findSite(noNamespace); err != nil {
		return nil, err
	}
	if r.folder, err = os.MkdirTemp("", "doors-rollout-"); err != nil {
		return nil, err
	}
	if err := r.keepBinary(); err != nil {
		return nil, err
	}
	if r.config.Certificate, err = proxy.NewCertificate(r.folder); err != nil {
		return nil, err
	}
	r.config.Program = proxy.Programs[r.proxy]
	r.config.Secret, r.config.Upstreams, r.config.With = r.secret, r.upstreams, r.with
	r.config.HTTP, r.config.HTTPS, r.config.PodPort = r.site.HTTP, r.site.HTTPS, r.site.PodPort
	r.config.Block, r.config.Resolver = r.site.Block, r.site.Names.Address()
	r.fleet = fleet.New(fleet.Config{
		Secret: r.secret, Port: uint16(r.site.PodPort), Upstreams: r.upstreams, PodsEach: r.pods,
		Roll: r.roll, InstanceTTL: r.instanceTTL(), Unmarked: r.unmarked,
		Names: r.site.Names, Block: r.site.Block, CacheTTL: r.site.CacheTTL, Place: r.site.StartPod,
	})
	for upstream := range r.upstreams {
		if err := r.fleet.Deploy(upstream); err != nil {
			return nil, err
		}
	}
	r.world = &browser.World{
		Fleet: r.fleet, Ledger: r.ledger, HTTP: r.config.HTTP, HTTPS: r.config.HTTPS, Trust: r.config.Certificate.Trust,
		Roll: r.roll, Think: r.think, Stay: r.stay,
	}
	for _, one := range r.site.Proxies[:r.site.Serving] {
		if err := r.startReplica(one); err != nil {
			return r, err
		}
	}
	return r, nil
}

// findSite chooses separate nodes if they can be made, and otherwise this machine.
func (r *run) findSite(noNamespace error) (err error) {
	if !r.oneMachine {
		why := noNamespace
		if why == nil {
			if r.site, why = site.OnNodes(network.Links{Delay: r.delay, Loss: r.loss / 100}); why == nil {
				return nil
			}
		}
		r.say("everything is on this machine, with one replica: no nodes can be made here (%v)", why)
	}
	r.site, err = site.OneMachine(noNamespace)
	return err
}

// keepBinary copies the binary: a build during a long run must not change what is tested.
func (r *run) keepBinary() error {
	from, err := os.Open(r.binary)
	if err != nil {
		return fmt.Errorf("no proxy to test (make build makes a Caddy): %w", err)
	}
	defer from.Close()
	r.config.Binary = r.folder + "/proxy"
	// A process forked while the file is open for writing would prevent its execution.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	to, err := os.OpenFile(r.config.Binary, os.O_WRONLY|os.O_CREATE, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// startReplica starts a proxy, which then serves together with the others.
func (r *run) startReplica(at site.Place) (err error) {
	if r.config.Admin, err = r.site.AdminPort(); err != nil {
		return err
	}
	var started *proxy.Replica
	err = at.Do(func() (err error) {
		started, err = proxy.Start(r.config, at.Address, r.folder)
		return err
	})
	if started != nil {
		r.replicas = append(r.replicas, started)
	}
	if err != nil {
		return err
	}
	r.serve(append(r.serving, started)...)
	return nil
}

// serve makes the load balancer send new connections only to these replicas.
func (r *run) serve(replicas ...*proxy.Replica) {
	r.serving = slices.Clone(replicas)
	var addresses []netip.Addr
	for _, one := range replicas {
		addresses = append(addresses, one.Address)
	}
	r.world.Proxies.Store(&addresses)
}

// without returns the serving replicas except one.
func (r *run) without(one *proxy.Replica) []*proxy.Replica {
	return slices.DeleteFunc(slices.Clone(r.serving), func(other *proxy.Replica) bool { return other == one })
}

// everything starts the visits, runs all phases, and waits for the end of visits and pods.
func (r *run) everything() error {
	r.say("%d visitors, %d replicas of the proxy, %d upstreams with %d pods each, for %d rounds of %d deployments",
		r.sessions, len(r.serving), r.upstreams, r.pods, r.rounds, r.generations)
	visit, leave := context.WithCancel(r.ctx)
	r.leave = leave
	for number := range r.sessions {
		r.visitors.Add(1)
		go func() {
			defer r.visitors.Done()
			for visit.Err() == nil { // a stranded visitor is replaced by another one
				browser.New(r.world, number).Run(visit)
				r.wait(time.Second)
			}
		}()
		if !r.wait(2 * time.Second / time.Duration(r.sessions)) {
			return r.ctx.Err()
		}
	}
	r.wait(r.watch)
	plan := r.plan()
	for round := range r.rounds {
		for _, one := range plan {
			if r.ctx.Err() != nil {
				return r.ctx.Err()
			}
			name := one.name
			if r.rounds > 1 {
				name = fmt.Sprintf("%s, round %d", name, round+1)
			}
			if err := r.phase(name, one.do); err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
		}
	}
	return r.finish()
}

// phase runs one phase, until the proxy knows all changes.
func (r *run) phase(name string, do func() error) error {
	r.say("%s; DNS is late by %s", name, strings.Join(r.ageAnswers(), ", "))
	r.row = r.ledger.Phase(name)
	if err := do(); err != nil {
		return err
	}
	r.told()
	for _, one := range r.serving {
		if !one.Running() {
			return fmt.Errorf("the proxy at %s has ended:\n%s", one.Address, one.Log(5000))
		}
	}
	return nil
}

// ageAnswers chooses the age of DNS answers for each upstream: the cache time multiplied by a
// random share.
func (r *run) ageAnswers() (ages []string) {
	for upstream := range r.upstreams {
		age := time.Duration(float64(r.cache) * rand.Float64() * rand.Float64())
		r.fleet.Age(upstream, age)
		ages = append(ages, age.Round(100*time.Millisecond).String())
	}
	return ages
}

// told waits until DNS answers have all changes, and the proxy has looked them up.
func (r *run) told() { r.wait(time.Until(r.fleet.Told().Add(fleet.Propagation))) }

// finish ends the visits and waits for the draining pods.
func (r *run) finish() error {
	r.ledger.Phase("end")
	if !r.short { // a short run has no time for drains that begin now
		if err := r.fleet.DrainAll(); err != nil {
			return err
		}
	}
	left := time.Now()
	r.leave()
	r.visitors.Wait()
	drained := left.Add(-r.instanceTTL())
	if !r.short {
		drained = time.Now()
	}
	count, err := r.fleet.Ended(drained, time.Until(left.Add(r.instanceTTL()+10*time.Second)))
	if err != nil {
		r.ledger.Complain("%v", err)
	}
	r.say("the visitors have left; of %d pods, %d have drained and ended", r.fleet.Started(), count)
	for _, replica := range r.replicas {
		for _, line := range replica.Panics() {
			r.ledger.Complain("the proxy at %s: %s", replica.Address, line)
		}
	}
	return nil
}

// abandon ends all remaining processes.
func (r *run) abandon() {
	if r.leave != nil {
		r.leave()
		r.visitors.Wait()
	}
	for _, replica := range r.replicas {
		_ = replica.Kill()
	}
	if r.fleet != nil {
		r.fleet.Abandon()
	}
	if r.site != nil {
		_ = r.site.Close()
	}
	if r.folder != "" {
		_ = os.RemoveAll(r.folder)
	}
}

// report prints the table and the complaints.
func (r *run) report(out io.Writer) error {
	fmt.Fprintln(out)
	if err := r.ledger.Print(out); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nEverything left of the bar must read 0, but for the first two columns.")
	for _, note := range r.ledger.Notes() {
		fmt.Fprintln(out, " ", note)
	}
	if !r.ledger.Faultless() {
		for _, one := range r.serving {
			fmt.Fprintf(out, "\nThe last words of the proxy at %s:\n%s\n", one.Address, one.Log(4000))
		}
	}
	return nil
}

func (r *run) say(format string, values ...any) {
	fmt.Printf("%6.1f s  %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, values...))
}

// wait waits. It returns false if the run must end.
func (r *run) wait(length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.ctx.Done():
		return false
	}
}
