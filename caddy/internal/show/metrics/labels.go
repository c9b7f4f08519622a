package metrics

import "sync"

// other is the label of all names for which there is no room.
const other = "other"

// labels gives the first names their own label, and all later ones the label other. It forgets no
// name, because the series stay as well.
type labels struct {
	mutex sync.Mutex
	room  int
	met   map[string]bool
}

func newLabels(room int) *labels { return &labels{room: room, met: make(map[string]bool)} }

func (l *labels) of(name string) string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.met[name] {
		if len(l.met) >= l.room {
			return other
		}
		l.met[name] = true
	}
	return name
}
