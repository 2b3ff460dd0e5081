/* metrics_net.c - the figures of the sockets, as Prometheus reads them; the workers count on. */
#include "metrics_net.h"

#include <stddef.h>

#include <waymark/net.h>

#include "prom.h"

void metrics_write_net(FILE *out, const struct net *net)
{
    if (net == NULL)
        return;
    struct net_counts n = net_counts(net);
    const struct {
        const char *name, *help;
        uint64_t value;
    } figures[] = {
        { "waymark_udp_received_total", "Datagrams received.", n.udp_received },
        { "waymark_udp_sent_total", "Datagrams sent.", n.udp_sent },
        { "waymark_udp_send_failures_total", "Answers lost to a full buffer or a missing route.",
          n.udp_send_failures },
        { "waymark_udp_unanswerable_total", "Datagrams from port 0, or longer than a query can be.",
          n.udp_dropped },
        { "waymark_tcp_accepted_total", "TCP connections accepted.", n.tcp_accepted },
        { "waymark_tcp_closed_total", "TCP connections closed, for any reason.", n.tcp_closed },
        { "waymark_tcp_timeouts_total",
          "TCP connections closed: no whole query in time, or answers not taken.", n.tcp_timeouts },
        { "waymark_tcp_evicted_total", "Idle TCP connections closed to make room for another.",
          n.tcp_evicted },
        { "waymark_tcp_client_evicted_total",
          "TCP connections closed for another one of the same client.", n.tcp_client_evicted },
        { "waymark_tcp_expired_total", "TCP connections closed since they were old.",
          n.tcp_expired },
        { "waymark_tcp_exhausted_total",
          "TCP connections closed since they had asked tcp_queries times.", n.tcp_exhausted },
        { "waymark_tcp_overfull_total",
          "TCP connections closed since queries and answers under way took too much memory.",
          n.tcp_overfull },
        { "waymark_tcp_refused_total", "TCP connections not accepted: no descriptors or no memory.",
          n.tcp_refused },
        { "waymark_tcp_queries_total", "Messages received over TCP.", n.tcp_queries },
        { "waymark_tcp_malformed_total", "TCP connections closed for a message of no octets.",
          n.tcp_malformed },
    };

    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        prom_head(out, figures[i].name, "counter", figures[i].help);
        prom_int(out, figures[i].name, NULL, 0, figures[i].value);
    }
    prom_head(out, "waymark_tcp_clients", "gauge", "TCP connections that are open.");
    prom_int(out, "waymark_tcp_clients", NULL, 0,
             n.tcp_accepted > n.tcp_closed ? n.tcp_accepted - n.tcp_closed : 0);
}
