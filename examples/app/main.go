package main

import (
	"log"
	"net"
	"net/http"
	"os"

	"github.com/doors-dev/doors"
	doorscaddy "github.com/doors-dev/doors-caddy"
)

func main() {
	id, err := doorscaddy.IDFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	app := doors.NewApp(page, doors.WithID(id), doors.WithIDCookie("upstream"))
	server := &http.Server{Addr: net.JoinHostPort(os.Getenv("POD_IP"), "8080")}
	if err := doorscaddy.Serve(server, app); err != nil {
		log.Fatal(err)
	}
}
