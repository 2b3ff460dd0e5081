/* test_dns_rates.c - the leaky buckets on a clock of our own. */
#include "cm.h"

#include <pthread.h>
#include <stdatomic.h>

#include "dns/dns_rates.h"

static const struct dns_rate ten = { .per_s = 10, .burst_s = 2 };

static struct addr network(unsigned n)
{
    return (struct addr){ .family = 4,
                          .octets = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };
}

static unsigned passed(struct dns_rates *r, const struct addr *who, const struct dns_rate *rate,
                       unsigned n, int64_t now_ms)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++)
        count += dns_rates_take(r, who, 0, rate, now_ms) == DNS_RATE_PASS;
    return count;
}

static struct dns_rates *new_rates(void)
{
    struct dns_rates *r = dns_rates_new();

    assert_non_null(r);
    return r;
}

static void who_was_quiet_gets_the_burst_then_the_rate(void **state)
{
    struct dns_rates *r = new_rates();
    struct addr who = network(1);
    int64_t now_ms = 1700000000000;

    assert_int_equal(passed(r, &who, &ten, 100, now_ms), 20);
    for (int i = 0; i < 50; i++)
        assert_int_equal(passed(r, &who, &ten, 100, now_ms += 1000), 10);
    assert_int_equal(passed(r, &who, &ten, 100, now_ms + 99), 0);
    assert_int_equal(passed(r, &who, &ten, 100, now_ms + 100), 1);
    assert_int_equal(passed(r, &who, &ten, 100, now_ms + 60000), 20);
    dns_rates_free(r);
}

static void kinds_and_networks_have_buckets_of_their_own(void **state)
{
    struct dns_rates *r = new_rates();
    struct addr one = network(1), two = network(2);
    struct addr six = { .family = 6, .octets = { 10, 0, 0, 1 } };

    assert_int_equal(passed(r, &one, &ten, 100, 1000000), 20);
    assert_int_equal(passed(r, &two, &ten, 100, 1000000), 20);
    assert_int_equal(passed(r, &six, &ten, 100, 1000000), 20);
    assert_int_equal(dns_rates_take(r, &one, 1, &ten, 1000000), DNS_RATE_PASS);
    assert_int_equal(dns_rates_take(r, &one, 0, &ten, 1000000), DNS_RATE_DROP);
    dns_rates_free(r);
}

static void every_nth_over_the_limit_slips(void **state)
{
    struct dns_rate rate = { .per_s = 1, .burst_s = 1, .slip = 3 };
    struct dns_rates *r = new_rates();
    struct addr who = network(1);

    assert_int_equal(dns_rates_take(r, &who, 0, &rate, 5000), DNS_RATE_PASS);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(dns_rates_take(r, &who, 0, &rate, 5000), DNS_RATE_DROP);
        assert_int_equal(dns_rates_take(r, &who, 0, &rate, 5000), DNS_RATE_DROP);
        assert_int_equal(dns_rates_take(r, &who, 0, &rate, 5000), DNS_RATE_SLIP);
    }
    rate.slip = 1;
    for (int i = 0; i < 10; i++)
        assert_int_equal(dns_rates_take(r, &who, 0, &rate, 5000), DNS_RATE_SLIP);
    dns_rates_free(r);
}

static void a_clock_that_jumps_forgives(void **state)
{
    struct dns_rates *r = new_rates();
    struct addr who = network(1);
    int64_t now_ms = 1700000000000;

    passed(r, &who, &ten, 100, now_ms);
    assert_int_equal(passed(r, &who, &ten, 100, now_ms - 86400000), 20);
    assert_int_equal(passed(r, &who, &ten, 100, now_ms + 86400000), 20);
    assert_int_equal(passed(r, &who, &ten, 100, now_ms + 30ll * 86400000), 20);
    assert_int_equal(passed(r, &who, &ten, 100, 0), 20);
    assert_int_equal(passed(r, &who, &ten, 100, 0), 0);
    dns_rates_free(r);
}

/* A flood from many networks must not wash out those that are over the limit. */
static void who_is_over_the_limit_stays_known_in_a_crowd(void **state)
{
    enum { CROWD = 200000 };
    struct dns_rate rate = { .per_s = 1, .burst_s = 10 };
    struct dns_rates *r = new_rates();
    struct addr who = network(1 << 23);
    unsigned got = passed(r, &who, &rate, 100, 1000000);

    assert_int_equal(got, 10);
    for (unsigned i = 0; i < CROWD; i++) {
        struct addr other = network(i);
        dns_rates_take(r, &other, 0, &rate, 1000000 + i / 100);
    }
    assert_in_range(passed(r, &who, &rate, 100, 1002000), 0, 2);
    dns_rates_free(r);
}

static void the_fastest_rate_is_one(void **state)
{
    struct dns_rate rate = { .per_s = 1000000, .burst_s = 1 };
    struct dns_rates *r = new_rates();
    struct addr who = network(1);

    assert_int_equal(passed(r, &who, &rate, 1000010, 1000), 1000000);
    assert_int_equal(passed(r, &who, &rate, 2000, 1001), 1000);
    dns_rates_free(r);
}

struct crowd {
    struct dns_rates *rates;
    atomic_uint n_passed;
};

static void *take_many(void *arg)
{
    struct crowd *c = arg;
    struct addr who = network(1);

    atomic_fetch_add(&c->n_passed, passed(c->rates, &who, &ten, 20000, 7000));
    return NULL;
}

static void threads_share_one_limit(void **state)
{
    struct crowd c = { .rates = new_rates() };
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &c), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&c.n_passed), 20);
    dns_rates_free(c.rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_quiet_gets_the_burst_then_the_rate),
        cmocka_unit_test(kinds_and_networks_have_buckets_of_their_own),
        cmocka_unit_test(every_nth_over_the_limit_slips),
        cmocka_unit_test(a_clock_that_jumps_forgives),
        cmocka_unit_test(who_is_over_the_limit_stays_known_in_a_crowd),
        cmocka_unit_test(the_fastest_rate_is_one),
        cmocka_unit_test(threads_share_one_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
