/* filetime.h - times of files as SMB has them: 100 ns since 1601 (MS-DTYP 2.3.3).
 * ROOM: only transport/ includes it. */
#ifndef TRANSPORT_FILETIME_H
#define TRANSPORT_FILETIME_H

#include <stdint.h>

/* ns since 1970; rounded down also before that, so that a time read back compares
 * equal. */
int64_t filetime_of(int64_t ns);

/* Any number that a server sends will do: FILETIME reaches further than 64 bits of ns
 * (1677 to 2262), and what does not fit becomes the nearest that does. */
int64_t filetime_to_ns(int64_t filetime);

#endif
