/* TLS 1.3 across two processes, as papayad has it: one SSL object over two memory BIOs. */
#include <openssl/ssl.h>

#define RECORD 16384

static SSL *tls;
static BIO *incoming, *outgoing;

static void flush_to(int client) {
    static char data[RECORD * 5];
    int length;
    while ((length = BIO_read(outgoing, data, sizeof data)) > 0)
        for (int done = 0; done < length;)
            done += must((int)write(client, data + done, (size_t)(length - done)), "write");
}

/* What the socket has, into the BIO; its end is the end of the process. */
static void feed_from(int client) {
    static char data[RECORD * 4];
    ssize_t got = read(client, data, sizeof data);
    if (got <= 0)
        _exit(0);
    BIO_write(incoming, data, (int)got);
}

static void shake_hands(int client, const char *directory) {
    char certificate[4096], key[4096];
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    snprintf(certificate, sizeof certificate, "%s/cert.pem", directory);
    snprintf(key, sizeof key, "%s/key.pem", directory);
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(context, 0);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "%s or %s cannot be used\n", certificate, key);
        _exit(1);
    }
    tls = SSL_new(context);
    incoming = BIO_new(BIO_s_mem()), outgoing = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(incoming, -1);
    SSL_set_bio(tls, incoming, outgoing);
    SSL_set_accept_state(tls);
    for (;;) {
        int result = SSL_do_handshake(tls);
        flush_to(client);
        if (result == 1)
            return;
        if (SSL_get_error(tls, result) != SSL_ERROR_WANT_READ)
            _exit(1);
        feed_from(client);
    }
}

/* What all whole records carry; waits for one. */
static ssize_t receive(int client, char *data, size_t most) {
    static char answer[RECORD];
    size_t taken = 0;
    for (;;) {
        int got = SSL_read(tls, data + taken, (int)(most - taken));
        while (BIO_read(outgoing, answer, sizeof answer) > 0)
            ; /* only SEND emits bytes */
        if (got > 0 && (taken += (size_t)got) < most && BIO_pending(incoming))
            continue;
        if (taken)
            return (ssize_t)taken;
        if (SSL_get_error(tls, got) != SSL_ERROR_WANT_READ)
            return 0;
        feed_from(client);
    }
}

static void send_all(int client, const char *data, size_t length) {
    if (SSL_write(tls, data, (int)length) <= 0)
        _exit(1);
    flush_to(client);
}

static ssize_t send_part(int client, int log, size_t most) {
    static char data[RECORD * 4];
    ssize_t got = read(log, data, most < sizeof data ? most : sizeof data);
    if (got > 0)
        send_all(client, data, (size_t)got);
    return got;
}
