/* Accepts everybody and reads nothing: what no measurement may take for a fast server. For the tests.
 *
 *   deaf PORT
 */
#include "../rooms/room.h"

static void client(int fd) {
    (void)fd;
    pause();
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    serve(listen_on(argv[1]), client);
}
