/* What the two rooms in C have in common: the port, the hello, and how a record looks. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GREETING "+ PAPAYA/1 name=bench room=bench log=0 offset=0 end=0 max=8192\n"

static int must(int result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "%s: %s\n", what, strerror(errno));
        _exit(1);
    }
    return result;
}

static int listen_on(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket"), one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    must(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
    must(listen(fd, 1024), "listen");
    return fd;
}

/* Reads the hello, byte by byte so that nothing behind it is taken. */
static void read_hello(int client) {
    char byte = 0;
    int one = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    while (byte != '\n')
        if (read(client, &byte, 1) != 1)
            _exit(0);
}

static void greet(int client) {
    must((int)write(client, GREETING, sizeof GREETING - 1), "write");
}

/* A process for each connection, for ever; what has ended is reaped by the kernel. */
static void serve(int listening, void (*client)(int)) {
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listening, NULL, NULL);
        if (fd < 0)
            continue;
        if (must(fork(), "fork") == 0) {
            close(listening);
            client(fd);
            _exit(0);
        }
        close(fd);
    }
}
