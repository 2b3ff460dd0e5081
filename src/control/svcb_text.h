/* svcb_text.h - the data of HTTPS and SVCB records in words (RFC 9460 2.1). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What stands behind the target name: ` alpn="h3,h2" ipv4hint=192.0.2.1`. false: it is malformed. */
bool svcb_write_params(const uint8_t *octets, size_t len, FILE *out);
