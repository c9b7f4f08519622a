package ledger

import (
	"fmt"
	"io"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// Print prints the table. All numbers left of the bar must be 0.
func (l *Ledger) Print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "sessions\trequests\tlost sessions\tlost visitors\tfailed requests\twrong pod\tstale new\tlongest gap\t|\trepeated\tdropped\tin flight\theld back\tlast choice\tevicted sessions\tharmed sessions\ttheir gap\tslowest page\tamid faults\t  phase")
	l.mu.Lock()
	rows := append([]*Row(nil), l.rows...)
	l.mu.Unlock()
	for _, row := range append(rows, l.total()) {
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t|\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t  %s\n",
			row.Sessions.Load(), row.Requests.Load(), row.Lost.Load(), row.Stranded.Load(), row.Failed.Load(), row.WrongPod.Load(), row.Stale.Load(),
			length(&row.LongestGap), row.Repeated.Load(), row.Dropped.Load(), row.InFlight.Load(), row.HeldBack.Load(),
			row.LastChoice.Load(), row.Evicted.Load(), row.Harmed.Load(), length(&row.HarmedGap),
			length(&row.SlowestPage), length(&row.SlowestFault), row.Name)
	}
	return table.Flush()
}

func length(nanoseconds *atomic.Int64) string {
	if nanoseconds.Load() == 0 {
		return "0"
	}
	return time.Duration(nanoseconds.Load()).Round(time.Millisecond).String()
}
