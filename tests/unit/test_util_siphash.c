/* test_util_siphash.c - the reference vectors: key 00..0f, message 00..(n-1). */
#include "cm.h"

#include <string.h>

#include <waymark/siphash.h>

static uint64_t hash_of_counting(size_t len)
{
    uint8_t octets[64];
    struct siphash_key key;

    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)i;
    siphash_key_init(&key, octets);
    return siphash(&key, octets, len);
}

static void hashes_as_its_authors_do(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        { 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd },  { 2, 0x0d6c8009d9a94f5a },
        { 3, 0x85676696d7fb7e2d },  { 4, 0xcf2794e0277187b7 },  { 5, 0x18765564cd99a68d },
        { 6, 0xcbc9466e58fee3ce },  { 7, 0xab0200f58b01d137 },  { 8, 0x93f5f5799a932462 },
        { 9, 0x9e0082df0ba9e4b0 },  { 15, 0xa129ca6149be45e5 }, { 63, 0x958a324ceb064572 },
    };

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_int_equal(hash_of_counting(vectors[i].len), vectors[i].hash);
}

static void goes_out_with_its_lowest_octet_first(void **state)
{
    static const uint8_t wanted[8] = { 0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1 };
    uint8_t out[8];

    siphash_put(out, hash_of_counting(15));
    assert_memory_equal(out, wanted, sizeof wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_its_authors_do),
        cmocka_unit_test(goes_out_with_its_lowest_octet_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
