package pod

import (
	"encoding/json"
	"time"
)

// The first byte of a frame, and the byte that ends a header or a stream. 0xFF cannot occur in
// UTF-8, so it does not occur in JSON.
const (
	frameSync    byte = 0x00
	frameAction  byte = 0x01
	frameRoll    byte = 0x02
	frameSuspend byte = 0x03
	frameKill    byte = 0x04
	frameEnd     byte = 0xFF
)

// actionFrame returns 01 [seq,[name,args],null] FF, without a payload.
func actionFrame(a action) []byte {
	return frame(frameAction, []any{a.seq, []any{a.name, a.args}, nil})
}

// syncFrame returns 00 [unix milliseconds,[report ids]] FF.
func syncFrame(now time.Time, reports []int) []byte {
	if reports == nil {
		reports = []int{}
	}
	return frame(frameSync, []any{now.UnixMilli(), reports})
}

func frame(kind byte, header any) []byte {
	encoded, err := json.Marshal(header)
	if err != nil { // an argument of Send that has no JSON: a bug in the caller
		panic("pod: " + err.Error())
	}
	return append(append([]byte{kind}, encoded...), frameEnd)
}
