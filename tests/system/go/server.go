// SPDX-License-Identifier: BSD-3-Clause

// A web server that asks itself: net/http, its poller and its timers, in one static program.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Method, r.URL.Path)
	})
	go func() { panic(http.Serve(listener, nil)) }()
	for _, path := range []string{"/", "/a/b"} {
		answer, err := http.Get("http://" + listener.Addr().String() + path)
		if err != nil {
			panic(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		fmt.Println(answer.StatusCode, string(body))
	}
}
