package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
)

// http1 is a persistent HTTP/1.1 connection that repeats a request at the least cost.
type http1 struct {
	connection net.Conn
	reader     *bufio.Reader
	request    []byte
	want       []byte
}

func newHTTP1(address string, r request) (*http1, error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: localhost\r\n", r.path)
	if r.cookie != "" {
		text = fmt.Appendf(text, "Cookie: %s\r\n", r.cookie)
	}
	return &http1{connection, bufio.NewReader(connection), append(text, "\r\n"...), []byte(r.want)}, nil
}

var (
	statusOK      = []byte("HTTP/1.1 200 ")
	contentLength = []byte("Content-Length:")
)

// do sends the request and reads the answer.
func (c *http1) do() error {
	if _, err := c.connection.Write(c.request); err != nil {
		return err
	}
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, statusOK) {
		return fmt.Errorf("the answer is %q", bytes.TrimSpace(line))
	}
	length := -1
	for {
		if line, err = c.reader.ReadSlice('\n'); err != nil {
			return err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if value, found := bytes.CutPrefix(line, contentLength); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	body, err := c.reader.Peek(max(length, 0))
	if err == nil {
		err = checkBody(body, c.want)
	}
	if err != nil {
		return err
	}
	_, err = c.reader.Discard(len(body))
	return err
}

func (c *http1) close() { _ = c.connection.Close() }

// checkBody checks that the right pod has answered.
func checkBody(body, want []byte) error {
	if len(body) == 0 || len(want) > 0 && !bytes.Equal(body, want) {
		return fmt.Errorf("pod %q has answered, not %q", body, want)
	}
	return nil
}
