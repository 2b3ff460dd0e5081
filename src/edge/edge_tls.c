/* edge_tls.c - PEM files become what sessions are encrypted with. */
#include "edge_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* OpenSSL's own words for a file that cannot be opened say little. */
static int try_to_read(const char *path, const char *what, char why[static WHY_LEN])
{
    char octet;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int err = fd < 0 || read(fd, &octet, 1) < 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    if (err == 0)
        return 0;
    return why_set(why, -err, "%s: the %s cannot be read: %s%s", path, what, strerror(err),
                   err == EACCES ? "; let server.user read it, by its group for instance" : "");
}

/* Nobody is there to type one. */
static int no_passphrase(char *out, int room, int is_written, void *ctx)
{
    *(bool *)ctx = true;
    return -1;
}

static int unfit(const char *path, const char *what, char why[static WHY_LEN])
{
    unsigned long code = ERR_peek_error();
    bool has_none = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    const char *reason = ERR_reason_error_string(code);

    ERR_clear_error();
    if (has_none)
        return why_set(why, -EINVAL, "%s: it holds no %s in PEM form", path, what);
    return why_set(why, -EINVAL, "%s: no %s can be read from it: %s", path, what,
                   reason == NULL ? "unknown trouble" : reason);
}

static int use_certificate(SSL_CTX *tls, const char *path, char why[static WHY_LEN])
{
    int err = try_to_read(path, "certificate", why);

    if (err == 0 && SSL_CTX_use_certificate_chain_file(tls, path) != 1)
        err = unfit(path, "certificate", why);
    return err;
}

static bool is_a_mismatch(unsigned long code)
{
    return ERR_GET_LIB(code) == ERR_LIB_X509 && (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH ||
                                                 ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
}

static int use_key(SSL_CTX *tls, const struct conf_edge *conf, char why[static WHY_LEN])
{
    bool is_encrypted = false;
    int err = try_to_read(conf->key, "private key", why);

    if (err != 0)
        return err;
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(tls, &is_encrypted);
    int status = SSL_CTX_use_PrivateKey_file(tls, conf->key, SSL_FILETYPE_PEM);
    SSL_CTX_set_default_passwd_cb_userdata(tls, NULL);
    SSL_CTX_set_default_passwd_cb(tls, NULL);
    if (status == 1 && SSL_CTX_check_private_key(tls) == 1)
        return 0;
    if (is_a_mismatch(ERR_peek_error())) {
        ERR_clear_error();
        return why_set(why, -EINVAL, "%s: it is not the key of the certificate in %s", conf->key,
                       conf->certificate);
    }
    if (is_encrypted) {
        ERR_clear_error();
        return why_set(why, -EINVAL,
                       "%s: the private key is encrypted, and nobody is there to type its "
                       "passphrase: keep it without one, readable for server.user only",
                       conf->key);
    }
    return unfit(conf->key, "private key", why);
}

int edge_tls_load(const struct conf_edge *conf, struct ssl_ctx_st **out, char why[static WHY_LEN])
{
    *out = NULL;
    if (conf->certificate == NULL || conf->n_listen_tls == 0)
        return 0;
    ERR_clear_error();
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL)
        return why_set(why, -ENOMEM, "cannot set up TLS: out of memory");
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    int err = use_certificate(tls, conf->certificate, why);
    if (err == 0)
        err = use_key(tls, conf, why);
    if (err != 0) {
        SSL_CTX_free(tls);
        return err;
    }
    *out = tls;
    return 0;
}
