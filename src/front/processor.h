/* processor.h - what the processor has that makes sending cheap.  Pure. */
#ifndef FRONT_PROCESSOR_H
#define FRONT_PROCESSOR_H

#include <stdbool.h>

struct processor {
	char name[128]; /* "" where the kernel gives none */
	bool aes;       /* instructions for AES: AES-NI; ARMv8 aes      */
	bool multiply;  /* carry-less multiplication, for GCM and GMAC  */
	bool sha256;    /* instructions for SHA-256: sha_ni; ARMv8 sha2 */
};

/* From the text of /proc/cpuinfo (proc_cpuinfo(5)); its first processor. */
void processor_read(const char *cpuinfo, struct processor *out);

#endif
