/* A process per client: reads and writes to stdout.
 *
 *   processes PORT
 *
 * With -DPRINTF as the paper's server did it: formatted, and through stdio's buffer.
 */
#include "../rooms/room.h"

static void client(int fd) {
    char *data = malloc(4097);
    ssize_t got;
    while ((got = read(fd, data, 4096)) > 0) {
#ifdef PRINTF
        data[got] = 0;
        printf("%ld Bytes received from client.", (long)got);
        printf("%s", data);
#else
        must((int)write(1, data, (size_t)got), "write");
#endif
    }
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    serve(listen_on(argv[1]), client);
}
