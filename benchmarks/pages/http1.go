package pages

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
)

// http1 is an HTTP/1.1 connection with a waiting stream.
type http1 struct{ connection net.Conn }

func (p *page) openHTTP1() (stream, error) {
	connection, err := p.dialer.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.places.HTTP))
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "GET %s HTTP/1.1\r\nHost: localhost\r\n", p.path())
	_ = p.header().Write(&text) // a buffer accepts everything
	text.WriteString("\r\n")
	if _, err = connection.Write(text.Bytes()); err == nil && p.instance == framed {
		var answer *http.Response
		if answer, err = http.ReadResponse(bufio.NewReaderSize(connection, 1024), nil); err == nil { // the body ends with the connection
			err = readFrame(answer)
		}
	}
	if err != nil {
		_ = connection.Close()
		return nil, err
	}
	return &http1{connection}, nil
}

func (s *http1) close() { _ = s.connection.Close() }
