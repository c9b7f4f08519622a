package main

import (
	"log"
	"net/http"

	"github.com/doors-dev/doors"
	doorscaddy "github.com/doors-dev/doors-caddy"
)

func main() {
	id, err := doorscaddy.IDFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	app := doors.NewApp(page, doors.WithID(id), doors.WithIDCookie("upstream"))
	if err := doorscaddy.Serve(&http.Server{Addr: ":8080"}, app); err != nil {
		log.Fatal(err)
	}
}
