/* The experiment's load generator: `message\n` at 1 Mbit/s on each connection, without bursts.
 *
 *   pacer PORT CONNECTIONS MICROSECONDS CORE
 *
 * Each connection gets a write every so many microseconds, and the connections' writes lie evenly
 * between each other's. Says "ready" when all are connected. SIGUSR1 asks for a line of JSON: what it
 * has sent so far, how many writes came late by an interval or were cut short by a full socket, and
 * how much CPU time it has used. SIGTERM ends it.
 *
 * On loopback what a network card's interrupt would do for the receiver happens inside of the
 * sender's write(2): TCP's receiving side is in this process's CPU time and not in the server's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define RATE 125000 /* bytes a second: 1 Mbit/s */
#define MESSAGE "message\n"
#define LENGTH (sizeof MESSAGE - 1)

static volatile sig_atomic_t asked;

static void ask(int number) {
    (void)number;
    asked = 1;
}

static void die(const char *what) {
    fprintf(stderr, "pacer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void wait_until(int64_t at) {
    struct timespec t = {at / 1000000000, at % 1000000000};
    while (!asked && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

static int connected(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void answer(uint64_t sent, uint64_t late, uint64_t cut) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("{\"sent\": %llu, \"late\": %llu, \"cut\": %llu, \"cpu\": %.6f}\n", (unsigned long long)sent,
           (unsigned long long)late, (unsigned long long)cut,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    fflush(stdout);
}

static void pace(const int *sockets, int count, int64_t interval) {
    size_t size = (size_t)(RATE * interval / 1000000000);
    size_t *places = calloc((size_t)count, sizeof *places);
    char *messages = malloc(size + LENGTH);
    uint64_t sent = 0, late = 0, cut = 0;
    int64_t start = now();
    for (size_t i = 0; i < size + LENGTH; i++)
        messages[i] = MESSAGE[i % LENGTH];
    for (int64_t turn = 0;; turn++) {
        int64_t due = start + turn * interval / count;
        int place = (int)(turn % count);
        while (now() < due) {
            wait_until(due);
            if (asked)
                asked = 0, answer(sent, late, cut);
        }
        late += now() - due > interval;
        ssize_t done = send(sockets[place], messages + places[place], size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN)
            die("send");
        cut += done < (ssize_t)size;
        sent += done > 0 ? (uint64_t)done : 0;
        places[place] = (places[place] + (done > 0 ? (size_t)done : 0)) % LENGTH;
        if (asked)
            asked = 0, answer(sent, late, cut);
    }
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_handler = ask};
    struct rlimit files;
    cpu_set_t cores;
    if (argc != 5)
        return 2;
    int count = atoi(argv[2]), core = atoi(argv[4]);
    int *sockets = calloc((size_t)count, sizeof *sockets);
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) < 0)
        die("sched_setaffinity");
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < count; i++)
        sockets[i] = connected(atoi(argv[1]));
    puts("ready");
    fflush(stdout);
    pace(sockets, count, atoll(argv[3]) * 1000);
}
