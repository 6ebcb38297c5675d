// The reference room in Go: a pair of goroutines per client, channels, one log, one order.
//
//	room PORT DIRECTORY chunks|messages [tls]
//
// A reader renders its client's lines into records and hands them to the hub; the hub appends them to
// the log and gives them to every client's channel, and waits where one is full; a writer takes what
// is in its channel and writes it. With "messages" each message goes this way by itself, as such
// programs are mostly written; with "chunks" all that one read gave goes in one piece, and all that a
// channel has in one write. With "tls" it is TLS 1.3, by DIRECTORY/cert.pem and key.pem.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"time"
)

const greeting = "+ PAPAYA/1 name=bench room=bench log=0 offset=0 end=0 max=8192\n"

type client struct {
	connection net.Conn
	outgoing   chan []byte
	gone       chan struct{}
}

var (
	incoming = make(chan []byte, 64)
	joining  = make(chan *client)
	leaving  = make(chan *client)
	chunks   = false
)

func hub(log *os.File) {
	clients := map[*client]bool{}
	for {
		select {
		case c := <-joining:
			clients[c] = true
			c.outgoing <- []byte(greeting)
		case c := <-leaving:
			delete(clients, c)
			close(c.outgoing)
		case records := <-incoming:
			if _, err := log.Write(records); err != nil {
				panic(err)
			}
			for c := range clients {
				select {
				case c.outgoing <- records:
				case <-c.gone:
				}
			}
		}
	}
}

func publish(lines []byte) {
	for len(lines) > 0 {
		end := len(lines)
		if !chunks {
			end = bytes.IndexByte(lines, '\n') + 1
		}
		incoming <- render(lines[:end])
		lines = lines[end:]
	}
}

func render(lines []byte) []byte {
	stamp := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	records := make([]byte, 0, len(lines)*2)
	for len(lines) > 0 {
		end := bytes.IndexByte(lines, '\n') + 1
		if rest := bytes.TrimPrefix(lines[:end], []byte("MSG ")); len(rest) < end {
			records = append(records, stamp...)
			records = append(records, " bench "...)
			records = append(records, rest...)
		}
		lines = lines[end:]
	}
	return records
}

func read(c *client) {
	reader := bufio.NewReaderSize(c.connection, 65536)
	if _, err := reader.ReadSlice('\n'); err != nil {
		c.connection.Close()
		return
	}
	go write(c)
	joining <- c
	for {
		if _, err := reader.Peek(1); err != nil {
			break
		}
		waiting, _ := reader.Peek(reader.Buffered())
		whole := bytes.LastIndexByte(waiting, '\n') + 1
		if whole == 0 {
			if _, err := reader.Peek(len(waiting) + 1); err != nil {
				break
			}
			continue
		}
		publish(waiting[:whole])
		reader.Discard(whole)
	}
	close(c.gone)
	leaving <- c
	c.connection.Close()
}

func write(c *client) {
	var batch []byte
	for records := range c.outgoing {
		batch = append(batch[:0], records...)
		for more := chunks; more && len(batch) < 1<<18; {
			select {
			case records, more = <-c.outgoing:
				batch = append(batch, records...)
			default:
				more = false
			}
		}
		if _, err := c.connection.Write(batch); err != nil {
			c.connection.Close()
		}
	}
}

func encrypted(listener net.Listener, directory string) net.Listener {
	pair, err := tls.LoadX509KeyPair(directory+"/cert.pem", directory+"/key.pem")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return tls.NewListener(listener, &tls.Config{
		Certificates:           []tls.Certificate{pair},
		MinVersion:             tls.VersionTLS13,
		SessionTicketsDisabled: true,
	})
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	log, err := os.Create(os.Args[2] + "/log")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	chunks = os.Args[3] == "chunks"
	if len(os.Args) > 4 {
		listener = encrypted(listener, os.Args[2])
	}
	go hub(log)
	for {
		connection, err := listener.Accept()
		if err != nil {
			continue
		}
		go read(&client{connection, make(chan []byte, 64), make(chan struct{})})
	}
}
