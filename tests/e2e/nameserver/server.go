package nameserver

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// maxUDPQuery is the size of the largest query read over UDP, in bytes. A query has one name of at
// most 255 bytes.
const maxUDPQuery = 4096

// Server is a running name server.
type Server struct {
	stream  net.Listener
	packets net.PacketConn
	closed  chan struct{}
	serving sync.WaitGroup

	mu          sync.Mutex
	connections map[net.Conn]bool
	behaviour
}

// Start listens on an address such as "127.0.0.1:0" and serves in the background until Close. Port
// 0 means a port that is free for both UDP and TCP.
func Start(address string) (*Server, error) {
	stream, packets, err := listen(address)
	if err != nil {
		return nil, err
	}
	s := &Server{
		stream: stream, packets: packets,
		closed: make(chan struct{}), connections: map[net.Conn]bool{}, behaviour: newBehaviour(),
	}
	s.serving.Add(2)
	go s.servePackets()
	go s.serveStreams()
	return s, nil
}

// listen listens on both, and finds a free port if the address has port 0.
func listen(address string) (net.Listener, net.PacketConn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, err
	}
	for attempt := 1; ; attempt++ {
		stream, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			return nil, nil, err
		}
		packets, err := net.ListenPacket("udp", stream.Addr().String())
		if err == nil {
			return stream, packets, nil
		}
		_ = stream.Close()
		if port != "0" || attempt == 50 {
			return nil, nil, err
		}
	}
}

// Address returns the address of the server as host:port.
func (s *Server) Address() string { return s.stream.Addr().String() }

// Close stops the server and waits for all of its goroutines. Delayed answers are not sent.
func (s *Server) Close() error {
	s.mu.Lock()
	select {
	case <-s.closed:
		s.mu.Unlock()
		return nil
	default:
	}
	close(s.closed)
	for connection := range s.connections {
		_ = connection.Close()
	}
	s.mu.Unlock()
	err := errors.Join(s.stream.Close(), s.packets.Close())
	s.serving.Wait()
	return err
}

func (s *Server) servePackets() {
	defer s.serving.Done()
	buffer := make([]byte, maxUDPQuery)
	for {
		length, from, err := s.packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		answer, delay := s.respond("udp", from, buffer[:length])
		if answer == nil {
			continue
		}
		s.serving.Add(1)
		go func() {
			defer s.serving.Done()
			if s.wait(delay) {
				_, _ = s.packets.WriteTo(answer, from)
			}
		}()
	}
}

func (s *Server) serveStreams() {
	defer s.serving.Done()
	for {
		connection, err := s.stream.Accept()
		if err != nil {
			return
		}
		if !s.keep(connection) {
			return
		}
		s.serving.Add(1)
		go func() {
			defer s.serving.Done()
			defer s.drop(connection)
			s.serveStream(connection)
		}()
	}
}

func (s *Server) serveStream(connection net.Conn) {
	for {
		var size [2]byte
		if _, err := io.ReadFull(connection, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(connection, query); err != nil {
			return
		}
		answer, delay := s.respond("tcp", connection.RemoteAddr(), query)
		if answer == nil {
			continue
		}
		if !s.wait(delay) {
			return
		}
		framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)
		if _, err := connection.Write(framed); err != nil {
			return
		}
	}
}

// keep registers a connection for Close. It returns false if the server is closed.
func (s *Server) keep(connection net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		_ = connection.Close()
		return false
	default:
		s.connections[connection] = true
		return true
	}
}

func (s *Server) drop(connection net.Conn) {
	_ = connection.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, connection)
}

// wait waits. It returns false if the server was closed meanwhile.
func (s *Server) wait(delay time.Duration) bool {
	if delay <= 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closed:
		return false
	}
}
