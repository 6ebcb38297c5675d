/* A process per client: reads and writes to stdout.
 *
 *   processes PORT
 */
#include "../rooms/room.h"

static void client(int fd) {
    char *data = malloc(4096);
    ssize_t got;
    while ((got = read(fd, data, 4096)) > 0)
        must((int)write(1, data, (size_t)got), "write");
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    serve(listen_on(argv[1]), client);
}
