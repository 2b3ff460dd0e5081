/* zone_svcb.h - would a client take this SVCB or HTTPS record?
 *
 * Threads: pure. Source: RFC 9460 2.2, 2.4.2, 7 and 8. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a client would refuse a record for whose priority and target are whole, a clause for people; NULL: nothing. */
const char *zone_svcb_fault(const uint8_t *rdata, size_t len);
/* What is allowed and hardly meant. */
const char *zone_svcb_doubt(const uint8_t *rdata, size_t len);
