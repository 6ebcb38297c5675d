/* The paradigm's floor: RECV and SEND in C, with papayad's system calls and no others.
 *
 *   floor PORT DIRECTORY LINGER_MS
 *
 * With -DTLS and OpenSSL, as papayad has it: two memory BIOs, a handshake before the fork of SEND, RECV
 * decrypts and drops what OpenSSL wants to answer, SEND reads the log and writes what is encrypted.
 * Certificate and key are DIRECTORY/cert.pem and key.pem.
 *
 * SEND: sigwaitinfo, flock SH, pread of the committed end, flock UN, sendfile. RECV: read, flock EX,
 * pread, write, pwrite, flock UN, killpg. No tokens, no roster, no limits, one segment: what
 * papayad cannot be faster than with a signal, a wakeup and loopback TCP for each delivery.
 */
#include "room.h"
#ifdef TLS
#include "tls.h"
#endif

#define CHUNK 65536

static const char *directory;
static long linger;

static int open_in(const char *name, int flags) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return must(open(path, flags | O_CLOEXEC, 0600), path);
}

static off_t committed(int fd) {
    char digits[21] = "";
    must((int)pread(fd, digits, 20, 0), "pread");
    return strtoll(digits, NULL, 10);
}

static void rest(struct timespec from) {
    struct timespec at = from;
    at.tv_nsec += linger * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

#ifndef TLS
static ssize_t receive(int client, char *data, size_t most) { return read(client, data, most); }

static void send_all(int client, const char *data, size_t length) {
    must((int)write(client, data, length), "write");
}

static ssize_t send_part(int client, int log, size_t most) {
    return sendfile(client, log, NULL, most);
}
#endif

static void send_side(int client) {
    sigset_t awaited;
    struct timespec sent = {0};
    int lock = open_in("committed", O_RDONLY), log = open_in("log", O_RDONLY);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    flock(lock, LOCK_SH);
    off_t offset = lseek(log, committed(lock), SEEK_SET);
    flock(lock, LOCK_UN);
    send_all(client, GREETING, sizeof GREETING - 1);
    for (;;) {
        must(flock(lock, LOCK_SH), "flock");
        off_t end = committed(lock);
        flock(lock, LOCK_UN);
        while (offset < end) {
            ssize_t done = send_part(client, log, (size_t)(end - offset));
            if (done <= 0)
                _exit(0);
            offset += done;
            if (linger)
                clock_gettime(CLOCK_MONOTONIC, &sent);
        }
        sigwaitinfo(&awaited, NULL);
        if (linger)
            rest(sent);
    }
}

static size_t stamp(char *to) {
    struct timespec now;
    struct tm clock;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &clock);
    size_t length = strftime(to, 64, "%Y-%m-%dT%H:%M:%S", &clock);
    return length + (size_t)sprintf(to + length, ".%06ldZ bench ", now.tv_nsec / 1000);
}

static void append(int lock, int log, const char *data, size_t length) {
    char digits[32];
    flock(lock, LOCK_EX);
    off_t end = committed(lock);
    must((int)write(log, data, length), "write");
    sprintf(digits, "%020lld\n", (long long)(end + (off_t)length));
    must((int)pwrite(lock, digits, 21, 0), "pwrite");
    flock(lock, LOCK_UN);
    killpg(0, SIGUSR1);
}

/* `MSG ID text` lines into records; returns how many bytes begin a line that is not whole yet. */
static size_t take(int lock, int log, char *data, size_t length) {
    static char records[CHUNK * 8];
    char head[128], *line = data, *feed;
    size_t used = 0, width = stamp(head);
    while ((feed = memchr(line, '\n', length - (size_t)(line - data)))) {
        size_t size = (size_t)(feed + 1 - line);
        if (size > 6 && !memcmp(line, "MSG ", 4)) {
            memcpy(records + used, head, width);
            memcpy(records + used + width, line + 4, size - 4);
            used += width + size - 4;
        }
        line = feed + 1;
    }
    if (used)
        append(lock, log, records, used);
    memmove(data, line, length - (size_t)(line - data));
    return length - (size_t)(line - data);
}

/* Up to the LF of the hello; returns how many bytes behind it are here already. */
static size_t wait_for_hello(int fd, char *data) {
    size_t got = 0;
    char *feed;
    while (!(feed = memchr(data, '\n', got))) {
        ssize_t more = receive(fd, data + got, CHUNK - got);
        if (more <= 0)
            _exit(0);
        got += (size_t)more;
    }
    got -= (size_t)(feed + 1 - data);
    memmove(data, feed + 1, got);
    return got;
}

static void client(int fd) {
    static char data[CHUNK * 2];
    size_t kept;
    int one = 1;
    sigset_t signals;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
#ifdef TLS
    shake_hands(fd, directory);
#endif
    kept = wait_for_hello(fd, data);
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    pid_t sender = must(fork(), "fork");
    if (sender == 0)
        send_side(fd);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    int lock = open_in("committed", O_RDWR), log = open_in("log", O_WRONLY | O_APPEND);
    ssize_t got;
    while ((got = receive(fd, data + kept, CHUNK)) > 0)
        kept = take(lock, log, data, kept + (size_t)got);
    kill(sender, SIGTERM);
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    directory = argv[2];
    linger = atol(argv[3]);
    setpgid(0, 0);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    must((int)write(open_in("committed", O_CREAT | O_TRUNC | O_WRONLY), "00000000000000000000\n", 21),
         "committed");
    close(open_in("log", O_CREAT | O_TRUNC | O_WRONLY));
    serve(listen_on(argv[1]), client);
}
