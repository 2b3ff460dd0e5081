/* test_net_clients.c - which addresses are one client, and that none is forgotten. */
#include "cm.h"

#include "net/tcp_clients.h"

static struct addr address(const char *text)
{
    struct addr a;

    assert_true(addr_parse(text, &a));
    return a;
}

static struct tcp_client *get(struct tcp_clients *all, const char *text)
{
    struct addr a = address(text);
    struct tcp_client *c = tcp_clients_get(all, &a);

    assert_non_null(c);
    return c;
}

static void an_ipv6_network_of_64_bits_is_one_client(void **state)
{
    struct tcp_clients all;

    assert_int_equal(tcp_clients_init(&all, 10), 0);
    struct tcp_client *six = get(&all, "2001:db8:1:2:3:4:5:6"), *four = get(&all, "192.0.2.1");
    struct tcp_client *next = get(&all, "2001:db8:1:3::1"), *beside = get(&all, "192.0.2.2");
    assert_ptr_equal(six, get(&all, "2001:db8:1:2::1"));
    assert_ptr_not_equal(six, next);
    assert_ptr_equal(four, get(&all, "192.0.2.1"));
    assert_ptr_not_equal(four, beside);
    tcp_clients_let_go(&all, six);
    tcp_clients_let_go(&all, four);
    tcp_clients_let_go(&all, next);
    tcp_clients_let_go(&all, beside);
    tcp_clients_fini(&all);
}

static void a_client_stays_while_it_has_connections(void **state)
{
    enum { MANY = 1000 };
    static struct tcp_client *clients[MANY];
    struct tcp_clients all;
    struct addr a = address("10.0.0.0");

    assert_int_equal(tcp_clients_init(&all, 1), 0); /* long chains */
    for (int i = 0; i < MANY; i++) {
        a.octets[2] = (uint8_t)(i >> 8), a.octets[3] = (uint8_t)i;
        clients[i] = tcp_clients_get(&all, &a);
        clients[i]->n = 1;
        tcp_clients_let_go(&all, clients[i]);
    }
    for (int i = 0; i < MANY; i += 2) {
        clients[i]->n = 0;
        tcp_clients_let_go(&all, clients[i]);
    }
    for (int i = 1; i < MANY; i += 2) {
        a.octets[2] = (uint8_t)(i >> 8), a.octets[3] = (uint8_t)i;
        assert_ptr_equal(tcp_clients_get(&all, &a), clients[i]);
        clients[i]->n = 0;
        tcp_clients_let_go(&all, clients[i]);
    }
    tcp_clients_fini(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv6_network_of_64_bits_is_one_client),
        cmocka_unit_test(a_client_stays_while_it_has_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
