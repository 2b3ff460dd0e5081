/* world_scale.c - a world of any size, and what a question costs in it.
 *
 *   world_scale CONF NAMES COUNT
 *
 * loads CONF, answers COUNT questions for the names of the file, and prints how long the load took.
 * Under `valgrind --tool=callgrind --instr-atstart=no` only the answers are counted: a load of ten
 * million names would take an hour otherwise. tests/bench/scale.py makes the worlds and the table. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <valgrind/callgrind.h>

#include "world_stage.h"

/* Twice: instructions that are executed once, such as those that resolve symbols, are left out. */
static void answer_all(const struct world *world, struct dns_desk *desk,
                       struct stage_packets *packets, struct stage_out *out, size_t count)
{
    for (size_t i = 0; i < STAGE_PACKETS; i += STAGE_BATCH)
        stage_answer(world, desk, packets, i, out);
    CALLGRIND_START_INSTRUMENTATION;
    for (size_t i = 0; i < count; i += STAGE_BATCH)
        stage_answer(world, desk, packets, i, out);
    CALLGRIND_STOP_INSTRUMENTATION;
}

static void check(const struct stage_out *out)
{
    for (size_t i = 0; i < STAGE_BATCH; i++)
        if (out->out[i].len == 0 || (out->octets[i][3] & 15) != WIRE_NOERROR ||
            out->octets[i][7] == 0)
            stage_fail("a wrong answer", "world_scale");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: world_scale CONF NAMES COUNT\n");
        return 2;
    }
    struct dns_desk *desk = stage_desk();
    struct stage_times times;
    struct world_hub *hub = stage_load(argv[1], &times);
    struct stage_packets *packets = stage_packets(argv[2]);
    struct stage_out *out = stage_out();
    struct world_hold *hold;

    answer_all(world_hold(hub, &hold), desk, packets, out, (size_t)atol(argv[3]));
    check(out);
    printf("conf_ms %.1f world_ms %.1f\n", times.conf_ms, times.world_ms);
    world_release(hold);
    free(packets);
    free(out);
    world_hub_free(hub);
    stage_desk_free(desk);
    return 0;
}
