/* clock.h - the time. Only loops and main read it; everything else takes it as an argument. */
#pragma once

#include <stdint.h>

int64_t clock_steady_us(void); /* never goes back; for intervals */
int64_t clock_wall_ms(void);   /* since 1970, UTC; for draw windows and what people read */
/* The same as of the kernel's last tick, up to 10 ms ago, at a fifth of the price: for each batch. */
int64_t clock_tick_ms(void);
