// A goroutine per client: reads and writes to stdout.
//
//	goroutines PORT
package main

import (
	"fmt"
	"net"
	"os"
)

func client(connection net.Conn) {
	data := make([]byte, 4096)
	for {
		got, err := connection.Read(data)
		if err != nil {
			break
		}
		os.Stdout.Write(data[:got])
	}
	connection.Close()
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		if connection, err := listener.Accept(); err == nil {
			go client(connection)
		}
	}
}
