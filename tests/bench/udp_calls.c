/* udp_calls.c - what the system calls around a datagram cost, each way of doing it beside the
 * others, on one thread over loopback: the least of many short runs, which a busy machine disturbs
 * little.
 *
 *   udp_calls
 *
 * A row "in" is one datagram sent to ourselves and received: what differs between such rows is the
 * waiting and the receiving. A row "out" is one datagram sent to a socket that is full. */
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <waymark/rcu.h>

enum { BATCH = 32, ROOM = 4096, LEN = 64, RUNS = 200, REPEAT = 500, FILL = 200 };

struct bench {
    int from, to, idle, epoll;
    struct sockaddr_in at;
    struct sockaddr_in peers[BATCH];
    struct iovec pieces[BATCH];
    struct mmsghdr messages[BATCH];
    uint8_t octets[BATCH][ROOM];
};

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int open_socket(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    *at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    if (fd < 0 || bind(fd, (struct sockaddr *)at, len) != 0 ||
        getsockname(fd, (struct sockaddr *)at, &len) != 0)
        give_up("udp_calls");
    return fd;
}

static void set_up(struct bench *b)
{
    struct epoll_event wanted = { .events = EPOLLIN };
    struct sockaddr_in unused;

    b->from = open_socket(&unused);
    b->idle = open_socket(&unused);
    b->to = open_socket(&b->at);
    b->epoll = epoll_create1(0);
    if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->to, &wanted) != 0)
        give_up("epoll_ctl");
    for (size_t i = 0; i < BATCH; i++) {
        b->pieces[i] = (struct iovec){ b->octets[i], ROOM };
        b->messages[i].msg_hdr = (struct msghdr){ .msg_name = &b->peers[i],
                                                  .msg_namelen = sizeof b->peers[i],
                                                  .msg_iov = &b->pieces[i],
                                                  .msg_iovlen = 1 };
    }
}

static void send_one(struct bench *b)
{
    sendto(b->from, b->octets[0], LEN, MSG_DONTWAIT, (struct sockaddr *)&b->at, sizeof b->at);
}

static void send_by_sendmmsg(struct bench *b)
{
    struct iovec piece = { b->octets[0], LEN };
    struct mmsghdr m = { .msg_hdr = { .msg_name = &b->at,
                                      .msg_namelen = sizeof b->at,
                                      .msg_iov = &piece,
                                      .msg_iovlen = 1 } };

    sendmmsg(b->from, &m, 1, MSG_DONTWAIT);
}

static void receive(struct bench *b, int flags)
{
    if (recvmmsg(b->to, b->messages, BATCH, flags, NULL) != 1)
        give_up("recvmmsg");
}

static void receive_by_recvfrom(struct bench *b)
{
    socklen_t len = sizeof b->peers[0];

    send_one(b);
    if (recvfrom(b->to, b->octets[0], ROOM, MSG_TRUNC, (struct sockaddr *)&b->peers[0], &len) !=
        LEN)
        give_up("recvfrom");
}

static void receive_asleep(struct bench *b)
{
    send_one(b);
    receive(b, MSG_WAITFORONE);
}

static void receive_after_epoll(struct bench *b)
{
    struct epoll_event e;

    send_one(b);
    epoll_wait(b->epoll, &e, 1, -1);
    receive(b, MSG_DONTWAIT);
}

static void receive_after_poll(struct bench *b)
{
    struct pollfd fds[] = { { b->idle, POLLIN, 0 }, { b->to, POLLIN, 0 } };

    send_one(b);
    poll(fds, 2, -1);
    receive(b, MSG_DONTWAIT);
}

static void online_and_offline(struct bench *b)
{
    rcu_online();
    rcu_offline();
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(struct bench *b, const char *what, void (*run)(struct bench *b))
{
    double least = 1e18;

    for (int i = 0; i < RUNS; i++) {
        double start = now_ns();
        for (int j = 0; j < REPEAT; j++)
            run(b);
        double ns = (now_ns() - start) / REPEAT;
        least = ns < least ? ns : least;
    }
    printf("%-36s %7.0f ns\n", what, least);
}

int main(void)
{
    static struct bench b;
    int small = 1;

    set_up(&b);
    measure(&b, "in: recvfrom", receive_by_recvfrom);
    measure(&b, "in: recvmmsg", receive_asleep);
    measure(&b, "in: poll of two sockets, recvmmsg", receive_after_poll);
    measure(&b, "in: epoll, recvmmsg", receive_after_epoll);
    close(b.epoll); /* waking it would count below */
    setsockopt(b.to, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    for (int i = 0; i < FILL; i++)
        send_one(&b);
    measure(&b, "out: sendto", send_one);
    measure(&b, "out: sendmmsg of one", send_by_sendmmsg);
    rcu_thread_enter();
    measure(&b, "RCU: online and offline", online_and_offline);
    rcu_thread_leave();
    return 0;
}
