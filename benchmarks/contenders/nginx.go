package contenders

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// nginxText is a configuration for streams. nginx runs as a single process, so that its memory is that
// of a worker, without a master.
const nginxText = `daemon off;
master_process off;
pid %[1]s/pid;
error_log %[1]s/errors;
worker_rlimit_nofile %[2]d;
events {
	worker_connections %[2]d;
}
http {
	access_log off;
	client_body_temp_path %[1]s/client;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen 127.0.0.1:%[3]d;
		listen 127.0.0.1:%[4]d ssl http2;
		ssl_certificate %[5]s;
		ssl_certificate_key %[6]s;
		location / {
			proxy_pass http://%[7]s;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $host;
			proxy_buffering off;
			proxy_request_buffering off;
			proxy_read_timeout 1h;
			send_timeout 1h;
		}
	}
}
`

// nginxProgram is the path in Debian's package, which is not in every user's PATH.
const nginxProgram = "/usr/sbin/nginx"

// Nginx is an nginx process.
type Nginx struct {
	*Process
	Places Places
}

// StartNginx runs the system's nginx in a new folder below the given one, and waits until it
// serves. connections is the largest number of connections, those to the pod included.
func StartNginx(on, folder string, certificate Certificate, pod netip.AddrPort, connections int) (*Nginx, error) {
	places, err := NewPlaces()
	if err != nil {
		return nil, err
	}
	if folder, err = os.MkdirTemp(folder, "nginx-"); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "nginx.conf")
	text := fmt.Sprintf(nginxText, folder, connections, places.HTTP, places.HTTPS, certificate.CertificateFile, certificate.KeyFile, pod)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	process, err := Start(on, folder, Listens(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(places.HTTPS))),
		nginxProgram, "-e", filepath.Join(folder, "errors"), "-p", folder, "-c", path)
	return &Nginx{process, places}, err
}
