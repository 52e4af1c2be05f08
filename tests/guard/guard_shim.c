/* LD_PRELOAD shim: nothing leaves the machine, every attempt to is written down, and names are ours.
 *
 *   GUARD_LOG=path          one line "connect ADDRESS PORT" for every connect(2) to an IPv4 or IPv6 address, and
 *                           "loaded" once a process
 *   GUARD_OPEN=a,b          addresses that may really be connected to; every other connect answers ECONNREFUSED
 *   GUARD_DNS_PORT=n        getaddrinfo asks the DNS server at 127.0.0.1:n, and nobody else
 *
 * libcurl keeps an answer of the DNS for a minute. Here it keeps none, so that a test of names that change their
 * address need not wait.
 *
 * cc -shared -fPIC -O2 -o shim.so guard_shim.c -ldl
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A shim that cannot do its work must end the program: without it a test would call strangers. */
static const char *setting(const char *name) {
    const char *value = getenv(name);
    if (!value) abort();
    return value;
}

static void *next(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

static void note(const char *text) {
    char line[160];
    int length = snprintf(line, sizeof line, "%s\n", text);
    if (length < 0 || length >= (int)sizeof line) abort();
    /* One write to a file opened for appending, so that lines of threads and processes stay whole. */
    int fd = open(setting("GUARD_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, length) != length) abort();
    close(fd);
}

__attribute__((constructor)) static void loaded(void) {
    /* Whatever this machine uses for names (mdns, systemd-resolved): here it is /etc/hosts and the DNS. */
    if (__nss_configure_lookup("hosts", "files dns") != 0) abort();
    setting("GUARD_OPEN"), setting("GUARD_DNS_PORT");
    note("loaded");
}

static int is_open(const char *address) {
    const char *at = setting("GUARD_OPEN");
    size_t length = strlen(address);
    while (*at) {
        size_t item = strcspn(at, ",");
        if (item == length && strncmp(at, address, length) == 0) return 1;
        at += item + (at[item] == ',');
    }
    return 0;
}

int connect(int fd, const struct sockaddr *to, socklen_t size) {
    int (*real)(int, const struct sockaddr *, socklen_t) = next("connect");
    char address[INET6_ADDRSTRLEN], line[100];
    int port;
    if (to->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)to;
        inet_ntop(AF_INET, &in->sin_addr, address, sizeof address);
        port = ntohs(in->sin_port);
    } else if (to->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)to;
        inet_ntop(AF_INET6, &in->sin6_addr, address, sizeof address);
        port = ntohs(in->sin6_port);
    } else {
        return real(fd, to, size);
    }
    snprintf(line, sizeof line, "connect %s %d", address, port);
    note(line);
    if (is_open(address)) return real(fd, to, size);
    errno = ECONNREFUSED;
    return -1;
}

/* Where the kernel has no IPv6, the sockets that are never connected are of the other family. */
int socket(int family, int type, int protocol) {
    int (*real)(int, int, int) = next("socket");
    int fd = real(family, type, protocol);
    if (fd < 0 && errno == EAFNOSUPPORT && family == AF_INET6) fd = real(AF_INET, type, protocol);
    return fd;
}

/* glibc keeps the resolver's settings by thread, reads them again at res_init and honours what is changed after it. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = next("getaddrinfo");
    if (res_init() != 0) abort();
    struct sockaddr_in ours = {.sin_family = AF_INET, .sin_port = htons(atoi(setting("GUARD_DNS_PORT")))};
    ours.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    _res.nscount = 1;
    _res.nsaddr_list[0] = ours;
    _res.retrans = 5;
    _res.retry = 2;
    _res.options &= ~(RES_DEFNAMES | RES_DNSRCH | RES_USE_EDNS0 | RES_SNGLKUP | RES_SNGLKUPREOP | RES_USEVC);
    return real(host, service, hints, found);
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy) {
    CURLMcode (*real)(CURLM *, CURL *) = next("curl_multi_add_handle");
    CURLcode (*set)(CURL *, CURLoption, ...) = next("curl_easy_setopt");
    if (set(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L) != CURLE_OK) abort();
    return real(multi, easy);
}
