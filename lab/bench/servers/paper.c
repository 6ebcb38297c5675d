/* The paper's server in C, re-created after its published source, not the program itself.
 *
 *   paper PORT
 *
 * Kept as it is there: a process for each client, a buffer of 4,096 bytes, and for each read(2) two
 * calls of printf(3), the second of them of a buffer that no NUL ends, so that what an earlier and
 * longer read left behind is printed again. Compiled without optimisation, as there. Changed: the
 * buffer has a NUL behind its last byte, else printf reads on in whatever comes next.
 */
#include "../rooms/room.h"

#define BUFFER 4096

static void client(int fd) {
    char *buffer = calloc(1, BUFFER + 1);
    ssize_t got;
    puts("Child process initialized");
    while ((got = read(fd, buffer, BUFFER)) > 0) {
        printf("%ld Bytes received from client.", (long)got);
        printf("%s", buffer);
    }
    free(buffer);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    serve(listen_on(argv[1]), client);
}
