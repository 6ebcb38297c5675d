/* The load generator of the room benchmark: every client of a room in one process, with epoll.
 *
 *   generator PROTOCOL PORT CLIENTS SENDERS PARALLEL TOKEN
 *
 * PROTOCOL is "papaya" (PAPAYA/1), "irc", or, compiled with -DTLS and OpenSSL, "papaya-tls". It joins
 * all clients, PARALLEL at a time, and then takes commands on stdin; it answers each with one line of
 * JSON:
 *
 *   paced RATE SECONDS    RATE messages a second in all, by the senders in turn, at even distances
 *   flood MESSAGES        that many in all, every sender as fast as its socket takes them
 *
 * A message is `^SSSS.QQQQQQQQ.NNNNNNNNNNNNNNNN^` and a filling: sender, its sequence number, and the
 * monotonic clock in nanoseconds when it was handed over. So each delivery is verified: whether it was
 * lost, repeated or reordered, and whether all clients saw one order. generator.py does the same, more
 * slowly, in Python; both have to judge alike.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#ifdef TLS
#include <openssl/ssl.h>
#endif

#define FILLING "the quick brown fox jumps over"
#define INPUT (1 << 18)
#define OUTPUT (1 << 14)
#define MICROSECONDS 4000000 /* latencies above count as this */
#define SILENCE 2000000000LL /* nothing for so long after the last message: what misses is lost */
#define JOINING 120000000000LL /* nobody came in for so long: a busy machine, or memory was short */
#define DRAINING 60000000000LL

enum { CONNECTING, SHAKING, GREETING, JOINED };

struct client {
    int fd, state, blocked;
    char *input; /* the beginning of a line */
    size_t kept;
    char *output; /* what the socket did not take */
    size_t waiting;
    uint64_t order, received;
    uint32_t *next; /* by sender: the sequence number that comes next */
    uint32_t *skipped;
#ifdef TLS
    SSL *tls;
#endif
};

static struct client *clients;
static int irc, port, count, senders, parallel, loop, joined, started, quitting;
static const char *token;
static uint32_t *sent, *base; /* by sender: sequence numbers, now and when the command began */
static uint32_t *latencies;
static int64_t latest, last_delivery;
static uint64_t delivered, lost, late, repeated, reordered, broken;
static int flooding;
static char buffer[INPUT + 65536];

static void die(const char *what) {
    fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t used(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
}

static void watch(struct client *c, int change, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(loop, change, c->fd, &event) < 0)
        die("epoll_ctl");
}

#ifdef TLS
static SSL_CTX *context; /* NULL: plain */

static void prepare_tls(void) {
    context = SSL_CTX_new(TLS_client_method());
    if (!context)
        die("OpenSSL");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

/* OpenSSL's answer in the form of read(2) and write(2). */
static ssize_t as_system_call(struct client *c, int result) {
    if (result > 0)
        return result;
    int why = SSL_get_error(c->tls, result);
    if (why == SSL_ERROR_ZERO_RETURN)
        return 0;
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}

/* Reads as much as there is: what OpenSSL has taken from the socket no longer wakes us. */
static ssize_t get(struct client *c, char *data, size_t length) {
    size_t done = 0;
    if (!c->tls)
        return read(c->fd, data, length);
    while (done < length) {
        ssize_t got = as_system_call(c, SSL_read(c->tls, data + done, (int)(length - done)));
        if (got <= 0)
            return done ? (ssize_t)done : got;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static ssize_t put(struct client *c, const char *data, size_t length) {
    return c->tls ? as_system_call(c, SSL_write(c->tls, data, (int)length)) : write(c->fd, data, length);
}
#else
static ssize_t get(struct client *c, char *data, size_t length) { return read(c->fd, data, length); }
static ssize_t put(struct client *c, const char *data, size_t length) {
    return write(c->fd, data, length);
}
#endif

/* Sends what waits and then `data`, and keeps what the socket does not take. */
static void give(struct client *c, const char *data, size_t length) {
    if (!c->waiting) {
        ssize_t done = put(c, data, length);
        if (done < 0 && errno != EAGAIN)
            die("write");
        if (done > 0)
            data += done, length -= (size_t)done;
    }
    if (!length)
        return;
    c->output = realloc(c->output, c->waiting + length);
    memcpy(c->output + c->waiting, data, length);
    c->waiting += length;
    if (!c->blocked)
        c->blocked = 1, watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

static void give_waiting(struct client *c) {
    ssize_t done = c->waiting ? put(c, c->output, c->waiting) : 0;
    if (done < 0 && errno != EAGAIN)
        die("write");
    if (done > 0) {
        c->waiting -= (size_t)done;
        memmove(c->output, c->output + done, c->waiting);
    }
    if (!c->waiting && c->blocked)
        c->blocked = 0, watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void begin(struct client *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        die("connect");
    c->next = calloc((size_t)senders, sizeof *c->next);
    c->skipped = calloc((size_t)senders, sizeof *c->skipped);
    c->state = CONNECTING;
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
    started++;
}

static void greet(struct client *c) {
    char hello[512];
    int length;
    if (irc)
        length = snprintf(hello, sizeof hello, "NICK c%d\r\nUSER c%d 0 * :c\r\nJOIN #bench\r\n",
                          (int)(c - clients), (int)(c - clients));
    else
        length = snprintf(hello, sizeof hello, "PAPAYA/1 %s last=0 presence=off\n", token);
    c->state = GREETING;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    give(c, hello, (size_t)length);
}

/* The connection is there: the handshake, where there is one, and then the hello. */
static void open_up(struct client *c) {
#ifdef TLS
    if (context) {
        if (!c->tls) {
            c->tls = SSL_new(context);
            SSL_set_fd(c->tls, c->fd);
            SSL_set_connect_state(c->tls);
            c->state = SHAKING;
            watch(c, EPOLL_CTL_MOD, EPOLLIN);
        }
        int result = SSL_do_handshake(c->tls);
        if (result != 1 && as_system_call(c, result) < 0 && errno == EAGAIN)
            return;
        if (result != 1)
            die("TLS handshake");
    }
#endif
    greet(c);
}

static uint64_t digits(const char *text, int length) {
    uint64_t value = 0;
    while (length--)
        value = value * 10 + (uint64_t)(*text++ - '0');
    return value;
}

/* One delivery: the same judgement as lab.bench.measure.verification. */
static void judge(struct client *c, const char *mark) {
    uint64_t sender = digits(mark + 1, 4);
    uint32_t number = (uint32_t)digits(mark + 6, 8);
    if (sender >= (uint64_t)senders || mark[5] != '.' || mark[14] != '.' || mark[31] != '^') {
        broken++;
        return;
    }
    delivered++;
    c->received++;
    c->order = c->order * 1099511628211ULL + (sender << 32 | number);
    if (number == c->next[sender]) {
        c->next[sender]++;
    } else if (number > c->next[sender]) {
        c->skipped[sender] += number - c->next[sender];
        c->next[sender] = number + 1;
    } else if (c->skipped[sender]) {
        c->skipped[sender]--;
        reordered++;
    } else {
        repeated++;
    }
    if (flooding && (delivered & 15))
        return; /* a clock for each would be the generator's own cost */
    int64_t micros = (last_delivery - (int64_t)digits(mark + 15, 16)) / 1000;
    if (micros < 0)
        micros = 0;
    if (micros > latest)
        latest = micros;
    latencies[micros > MICROSECONDS ? MICROSECONDS : micros]++;
}

static void take_line(struct client *c, char *line, size_t length) {
    char *mark = memchr(line, '^', length);
    if (mark) {
        if ((size_t)(line + length - mark) > 31) /* all of it is there */
            judge(c, mark);
        else
            broken++;
    } else if (irc && length > 5 && !memcmp(line, "PING ", 5)) {
        line[1] = 'O';
        line[length] = '\n';
        give(c, line, length + 1);
    } else if (c->state == GREETING) {
        line[length] = 0;
        if (irc ? strstr(line, " 366 ") != NULL : line[0] == '+')
            c->state = JOINED, joined++;
        else if (!irc || !strncmp(line, "ERROR", 5)) {
            fprintf(stderr, "generator: refused: %s\n", line);
            exit(1);
        }
    }
}

static void take(struct client *c) {
    memcpy(buffer, c->input, c->kept);
    ssize_t got = get(c, buffer + c->kept, INPUT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        fprintf(stderr, "generator: client %d was disconnected\n", (int)(c - clients));
        exit(1);
    }
    last_delivery = now();
    char *line = buffer, *end = buffer + c->kept + got, *feed;
    while ((feed = memchr(line, '\n', (size_t)(end - line)))) {
        take_line(c, line, (size_t)(feed - line));
        line = feed + 1;
    }
    c->kept = (size_t)(end - line);
    if (c->kept > 65536)
        die("a line without an end");
    if (c->kept) {
        c->input = realloc(c->input, 65536);
        memcpy(c->input, line, c->kept);
    }
}

static void say(int sender) {
    char line[160];
    int length = snprintf(line, sizeof line, irc ? "PRIVMSG #bench :^%04d.%08u.%016lld^" FILLING "\r\n"
                                                 : "MSG - ^%04d.%08u.%016lld^" FILLING "\n",
                          sender, sent[sender]++, (long long)now());
    give(&clients[sender], line, (size_t)length);
}

/* Sends as much as the socket takes, up to `each` messages since the command began; returns whether
 * more is left. */
static int say_much(int sender, uint32_t each) {
    while (!clients[sender].waiting && sent[sender] - base[sender] < each)
        for (int i = 0; i < 64 && sent[sender] - base[sender] < each; i++)
            say(sender);
    return clients[sender].waiting || sent[sender] - base[sender] < each;
}

static void turn(int milliseconds) {
    struct epoll_event events[256];
    int ready = epoll_wait(loop, events, 256, milliseconds);
    if (ready < 0 && errno != EINTR)
        die("epoll_wait");
    for (int i = 0; i < ready; i++) {
        struct client *c = events[i].data.ptr;
        if (!c)
            continue; /* the timer: it has only to wake us */
        if (c->state == CONNECTING || c->state == SHAKING) {
            open_up(c);
            continue;
        }
        if (events[i].events & EPOLLOUT)
            give_waiting(c);
        if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
            take(c);
    }
}

static void join_all(void) {
    int64_t start = now(), last = start;
    while (joined < count) {
        int before = joined;
        while (started < count && started - joined < parallel)
            begin(&clients[started]);
        turn(1000);
        if (joined > before)
            last = now();
        if (now() - last > JOINING) {
            fprintf(stderr, "generator: only %d of %d joined\n", joined, count);
            exit(1);
        }
    }
    printf("{\"clients\": %d, \"seconds\": %.6f, \"generator_cpu\": %.6f}\n", joined,
           (double)(now() - start) / 1e9, (double)used() / 1e9);
    fflush(stdout);
}

static uint64_t total_sent(void) {
    uint64_t total = 0;
    for (int i = 0; i < senders; i++)
        total += sent[i] - base[i];
    return total;
}

/* An IRC server does not give a message back to its sender. */
static uint64_t expected(void) { return total_sent() * (uint64_t)(irc ? count - 1 : count); }

static void forget(void) {
    delivered = lost = late = repeated = reordered = broken = 0;
    latest = 0;
    memset(latencies, 0, (MICROSECONDS + 1) * sizeof *latencies);
    for (int i = 0; i < senders; i++)
        base[i] = sent[i];
    for (int i = 0; i < count; i++) {
        clients[i].order = clients[i].received = 0;
        memcpy(clients[i].next, base, (size_t)senders * sizeof *base);
        memset(clients[i].skipped, 0, (size_t)senders * sizeof *base);
    }
}

static void drain(int64_t ended) {
    while (delivered < expected() && now() - ended < DRAINING) {
        turn(100);
        int64_t heard = last_delivery > ended ? last_delivery : ended;
        if (now() - heard > SILENCE)
            break;
    }
    for (int i = 0; i < count; i++)
        for (int s = 0; s < senders; s++)
            if (!irc || i != s)
                lost += clients[i].skipped[s] + (sent[s] - clients[i].next[s]);
    if (now() - ended >= DRAINING)
        late = lost, lost = 0; /* it was still coming: nobody knows */
}

static double percentile(double share) {
    uint64_t total = 0, seen = 0;
    for (int i = 0; i <= MICROSECONDS; i++)
        total += latencies[i];
    for (int i = 0; i <= MICROSECONDS; i++)
        if ((seen += latencies[i]) && (double)seen >= share * (double)total)
            return i / 1e6;
    return 0;
}

static int orders(void) {
    int distinct = 0;
    for (int i = 0; i < count; i++) {
        int known = 0;
        for (int j = 0; j < i && !known; j++)
            known = clients[j].order == clients[i].order;
        distinct += !known;
    }
    return distinct;
}

static void report(int64_t start, int64_t ended, int64_t cpu) {
    int64_t last = last_delivery > ended ? last_delivery : ended;
    printf("{\"sent\": %llu, \"expected\": %llu, \"delivered\": %llu, \"lost\": %llu, \"late\": %llu, "
           "\"repeated\": %llu, \"reordered\": %llu, \"broken\": %llu, \"orders\": %d, "
           "\"p50\": %.6f, \"p99\": %.6f, \"max\": %.6f, \"sending\": %.6f, \"seconds\": %.6f, "
           "\"generator_cpu\": %.6f}\n",
           (unsigned long long)total_sent(), (unsigned long long)expected(),
           (unsigned long long)delivered, (unsigned long long)lost,
           (unsigned long long)late, (unsigned long long)repeated,
           (unsigned long long)reordered, (unsigned long long)broken, irc ? 1 : orders(),
           percentile(.5), percentile(.99), (double)latest / 1e6, (double)(ended - start) / 1e9,
           (double)(last - start) / 1e9, (double)(used() - cpu) / 1e9);
    fflush(stdout);
}

static void paced(double rate, double seconds) {
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    epoll_ctl(loop, EPOLL_CTL_ADD, timer, &event);
    forget();
    int64_t start = now(), cpu = used();
    uint64_t total = (uint64_t)(rate * seconds);
    for (uint64_t i = 0; i < total; i++) {
        int64_t due = start + (int64_t)((double)i * 1e9 / rate);
        struct itimerspec at = {.it_value = {due / 1000000000, due % 1000000000}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
        while (now() < due)
            turn(-1);
        say((int)(i % (uint64_t)senders));
    }
    int64_t ended = now();
    drain(ended);
    close(timer);
    report(start, ended, cpu);
}

static void flood(uint32_t each) {
    forget();
    int64_t start = now(), cpu = used();
    int busy = 1;
    flooding = 1;
    for (; busy; turn(busy ? 10 : 0)) {
        busy = 0;
        for (int i = 0; i < senders; i++)
            busy |= say_much(i, each);
    }
    int64_t ended = now();
    drain(ended);
    flooding = 0;
    report(start, ended, cpu);
}

static void obey(char *line) {
    double rate, seconds;
    if (sscanf(line, "paced %lf %lf", &rate, &seconds) == 2)
        paced(rate, seconds);
    else if (sscanf(line, "flood %lf", &rate) == 1)
        flood((uint32_t)(rate / senders));
    else
        quitting = 1;
}

int main(int argc, char **argv) {
    char line[256];
    struct rlimit files;
    if (argc != 7)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    irc = !strcmp(argv[1], "irc");
#ifdef TLS
    if (!strcmp(argv[1], "papaya-tls"))
        prepare_tls();
#endif
    port = atoi(argv[2]), count = atoi(argv[3]), senders = atoi(argv[4]), parallel = atoi(argv[5]);
    token = argv[6];
    clients = calloc((size_t)count, sizeof *clients);
    sent = calloc((size_t)senders, sizeof *sent);
    base = calloc((size_t)senders, sizeof *base);
    latencies = calloc(MICROSECONDS + 1, sizeof *latencies);
    loop = epoll_create1(EPOLL_CLOEXEC);
    join_all();
    while (!quitting && fgets(line, sizeof line, stdin))
        obey(line);
    return 0;
}
