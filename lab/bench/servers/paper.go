// The paper's server in Go, re-created after its published source, not the program itself.
//
//	paper PORT
//
// Kept as it is there: a goroutine for each client, a buffer of 1,024 bytes (a quarter of what the one
// in C has), and each read formatted with %q.
package main

import (
	"fmt"
	"net"
	"os"
)

func client(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 1024)
	for {
		got, err := connection.Read(buffer)
		if err != nil {
			break
		}
		fmt.Printf("%q\n", buffer[:got])
	}
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
