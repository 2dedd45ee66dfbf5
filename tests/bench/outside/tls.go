// SPDX-License-Identifier: MIT
//
// tls.go -- an echo server over TLS, as tls.lua has one.
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
)

func echo(c net.Conn) {
	defer c.Close()
	bytes := make([]byte, 65536)
	for {
		n, err := c.Read(bytes)
		if err != nil {
			return
		}
		if _, err = c.Write(bytes[:n]); err != nil {
			return
		}
	}
}

func main() {
	own, err := tls.LoadX509KeyPair(os.Args[1]+"/db.pem", os.Args[1]+"/db.key")
	if err != nil {
		panic(err)
	}
	server, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{own}})
	if err != nil {
		panic(err)
	}
	fmt.Println(server.Addr().(*net.TCPAddr).Port)
	for {
		c, err := server.Accept()
		if err != nil {
			panic(err)
		}
		go echo(c)
	}
}
