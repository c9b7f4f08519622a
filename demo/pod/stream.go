package pod

import (
	"net/http"
	"time"
)

// syncInterval is how often a stream with unreported actions sends a frame.
const syncInterval = time.Second

// stream is a receiver stream of an instance.
type stream struct {
	woken  chan struct{} // something to send; capacity 1
	rolled chan struct{} // closed when the successor has arrived
	done   chan struct{} // closed when the last byte has been written
}

// wake wakes the stream. It may be nil.
func (s *stream) wake() {
	if s == nil {
		return
	}
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// connect makes a new stream the current one, and asks the previous one to end.
func (i *instance) connect() (current, before *stream) {
	current = &stream{woken: make(chan struct{}, 1), rolled: make(chan struct{}), done: make(chan struct{})}
	current.wake()
	i.mu.Lock()
	defer i.mu.Unlock()
	before = i.stream
	i.stream = current
	if before != nil {
		close(before.rolled)
	}
	return current, before
}

// serveStream holds the answer open. As in Doors, the header is sent with the first frame and not
// before: a proxy that waits for the header for less than 4/3 of the roll breaks idle pages.
func (p *Pod) serveStream(w http.ResponseWriter, r *http.Request, i *instance) {
	current, before := i.connect()
	defer close(current.done)
	w.Header().Set("Cache-Control", "no-store")
	limit := time.NewTimer(p.config.Roll * 4 / 3)
	defer limit.Stop()
	if before != nil {
		select {
		case <-before.done:
		case <-r.Context().Done():
			return
		}
	}
	ticker := time.NewTicker(syncInterval)
	defer ticker.Stop()
	controller := http.NewResponseController(w)
	write := func(frame []byte) bool {
		_, err := w.Write(frame)
		return err == nil && controller.Flush() == nil
	}
	sent := 0 // highest sequence number sent on this stream
	for {
		select {
		case <-i.ended:
			i.mu.Lock()
			last := i.lastFrame
			i.mu.Unlock()
			write([]byte{last})
			return
		case <-r.Context().Done():
			return
		case <-current.rolled:
			p.roll(i, write)
			return
		case <-limit.C:
			p.roll(i, write)
			return
		case <-current.woken:
			frames, last := i.pending(sent)
			sent = last
			for _, frame := range frames {
				if !write(frame) {
					return
				}
			}
		case <-ticker.C:
			if i.unreported() && !write(syncFrame(time.Now(), nil)) {
				return
			}
		}
	}
}

func (p *Pod) roll(i *instance, write func([]byte) bool) {
	if write([]byte{frameRoll, frameEnd}) {
		p.observe(Event{Kind: StreamRolled, Instance: i.id})
	}
}

// pending returns the frames to send after sequence number sent. A new stream starts from 0, so
// that actions that were lost with a broken stream are sent again.
func (i *instance) pending(sent int) (frames [][]byte, last int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, action := range i.actions {
		if action.seq > sent {
			frames = append(frames, actionFrame(action))
			sent = action.seq
		}
	}
	if len(i.reports) > 0 {
		frames = append(frames, syncFrame(time.Now(), i.reports))
		i.reports = nil
	}
	return frames, sent
}

func (i *instance) unreported() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.actions) > 0
}
