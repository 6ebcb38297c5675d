/* A disk whose fdatasync takes 5 ms: for LD_PRELOAD, so that figures do not depend on the real one. */
#include <time.h>

int fdatasync(int descriptor) {
    struct timespec rest = {0, 5000000};
    (void)descriptor;
    return nanosleep(&rest, 0);
}
