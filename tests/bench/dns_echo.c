/* dns_echo.c - the floor of the peers' bench: what the kernel and the system calls cost.
 *
 *   dns_echo PORT
 *
 * Sends every packet back with QR set, in batches, on 127.0.0.1, until it is ended. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BATCH = 32, ROOM = 4096, BUFFER = 4 << 20 };

static struct {
    uint8_t octets[BATCH][ROOM];
    struct sockaddr_in from[BATCH];
    struct iovec pieces[BATCH];
    struct mmsghdr messages[BATCH];
} room;

static void prepare(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        room.pieces[i] = (struct iovec){ room.octets[i], ROOM };
        room.messages[i].msg_hdr = (struct msghdr){ .msg_name = &room.from[i],
                                                    .msg_namelen = sizeof room.from[i],
                                                    .msg_iov = &room.pieces[i],
                                                    .msg_iovlen = 1 };
    }
}

static void turn(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        room.pieces[i].iov_len = room.messages[i].msg_len;
        room.octets[i][2] |= 0x80;
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr = { htonl(INADDR_LOOPBACK) },
                              .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = BUFFER, n;

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        perror("dns_echo");
        return EXIT_FAILURE;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    for (;;) {
        prepare(BATCH);
        n = recvmmsg(fd, room.messages, BATCH, MSG_WAITFORONE, NULL);
        if (n <= 0)
            continue;
        turn((unsigned)n);
        sendmmsg(fd, room.messages, (unsigned)n, 0);
    }
}
