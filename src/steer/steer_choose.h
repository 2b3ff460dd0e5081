/* steer_choose.h - the steps of a choice, for steer_choose and for the explanation. */
#pragma once

#include "steer_table.h"

/* Who shares a draw without ECS, or if it is sticky. */
enum { STEER_SHARED_BITS4 = 24, STEER_SHARED_BITS6 = 48 };

/* Where the client stands: by which address, in which class, over which network that holds. */
struct steer_stand {
    const struct addr *decided_by;
    bool is_by_ecs;
    uint32_t class;
    uint8_t bits;       /* of the merged network around `decided_by` */
    uint8_t scope_bits; /* for the answer */
};

struct steer_stand steer_stand(const struct steer_plan *plan, const struct addr *resolver,
                               const struct addr *subnet);

/* What a coherent draw hashes. A sticky one has no window. */
struct steer_ticket {
    struct addr identity;
    uint8_t bits;
    int64_t window;
    uint32_t rest_s; /* of the window, at least 1 */
    uint64_t draw;
};

struct steer_ticket steer_ticket(const struct steer_service *service, bool is_sticky,
                                 const struct steer_stand *stand,
                                 const struct steer_client *client, const struct hash_key *key,
                                 int64_t now_ms);
