/* A re-creation of papayaChat's room after its published source, not the program itself.
 *
 *   original PORT DIRECTORY
 *
 * Kept as it is there: a process that receives and its child that sends; one chat log, opened before
 * the first fork, so that all share one open file description and flock(2) excludes nobody; what
 * read(2) gave is appended as it came and announced with kill(0, SIGUSR1) under the lock; the sender
 * waits in pause(2) (an announcement that comes while it reads is lost), reads at most 4 KiB for each
 * wakeup, and allocates its buffers anew each time. Left out: the daemon, the check of the token, the
 * greeting's text; a client gets what comes after it joined.
 *
 * With -DPUBLISHED also what it does besides: a line of syslog for each read (the system's log daemon
 * has to write it, and is not measured), and lseek(2) and read(2) where this has pread(2): on one
 * description that all processes share, so that one reads where another has sought. It is compiled
 * without optimisation, as there. A copy that loses the last byte of each read is not repeated:
 * nobody could tell then what has arrived.
 */
#include "room.h"
#ifdef PUBLISHED
#include <syslog.h>
#endif

#define BUFFER 4096

static int chatlog;

static void nothing(int number) { (void)number; }

static off_t send_new(int client, off_t offset) {
    char *buffer = calloc(1, BUFFER);
    must(flock(chatlog, LOCK_SH), "flock");
#ifdef PUBLISHED
    lseek(chatlog, offset, SEEK_SET);
    ssize_t got = read(chatlog, buffer, BUFFER);
#else
    ssize_t got = pread(chatlog, buffer, BUFFER, offset);
#endif
    flock(chatlog, LOCK_UN);
    if (got > 0) {
        char *copy = malloc((size_t)got);
        memcpy(copy, buffer, (size_t)got);
        if (write(client, copy, (size_t)got) != got)
            _exit(1);
        free(copy);
    }
    free(buffer);
    return offset + (got > 0 ? got : 0);
}

static void send_side(int client, off_t offset) {
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    greet(client);
    for (;;) {
        offset = send_new(client, offset);
        pause();
    }
}

static void append(const char *data, size_t length) {
    must(flock(chatlog, LOCK_EX), "flock");
    must((int)write(chatlog, data, length), "write");
    kill(0, SIGUSR1);
    flock(chatlog, LOCK_UN);
}

static void client(int fd) {
    ssize_t got;
    read_hello(fd);
    off_t end = lseek(chatlog, 0, SEEK_END);
    pid_t sender = must(fork(), "fork");
    if (sender == 0)
        send_side(fd, end);
    for (;;) {
        char *buffer = malloc(BUFFER);
        if ((got = read(fd, buffer, BUFFER)) <= 0)
            break;
#ifdef PUBLISHED
        syslog(LOG_DEBUG, "%ld Bytes received from client.", (long)got);
#endif
        append(buffer, (size_t)got);
        free(buffer);
    }
    kill(sender, SIGTERM);
}

int main(int argc, char **argv) {
    char path[4096];
    if (argc != 3)
        return 2;
    setpgid(0, 0);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    snprintf(path, sizeof path, "%s/chatlog", argv[2]);
    chatlog = must(open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600), path);
    serve(listen_on(argv[1]), client);
}
