/* cm.h - cmocka with the headers it wants before it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Ends the test; tools/test shows why. */
static inline void skip_because(const char *why)
{
    print_message("skipped: %s\n", why);
    skip();
}

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
