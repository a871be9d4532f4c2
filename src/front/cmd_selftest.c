/* lansender selftest: how fast this machine seals, signs and hashes. */
#include <stdio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/path.h"
#include "base/str.h"
#include "front/commands.h"
#include "front/interrupt.h"
#include "front/print.h"
#include "front/processor.h"
#include "smb/smb.h"

enum {
	EACH_MS = 300, /* long against a tick, short for eight of them; a choice */
	HASH_BYTES =
	    256 << 10, /* one read of a file being filed (package/hash.c)        */
	CPUINFO_MAX_BYTES = 16
			    << 20, /* some KiB for each of 4,096 processors          */
};

static void
say_speed(const struct call *call, const char *kind, const struct smb_speed *speed)
{
	json_t *o;

	if (!call->json && speed->trouble)
		print_line("%-10s %-12s FAILED: %s", kind, speed->name,
			   speed->trouble->text);
	else if (!call->json)
		print_line("%-10s %-12s %6lld MB/s", kind, speed->name,
			   (long long)(speed->bytes_per_s / 1000000));
	if (!call->json) {
		(void)fflush(stdout); /* each as it comes */
		return;
	}
	o = json_object();
	(void)json_object_set_new(o, "kind", print_json_text(kind));
	(void)json_object_set_new(o, "name", print_json_text(speed->name));
	(void)json_object_set_new(o, "ok", json_boolean(!speed->trouble));
	(void)json_object_set_new(o, "bytes_per_s", json_integer(speed->bytes_per_s));
	(void)json_object_set_new(
	    o, "error", print_json_text(speed->trouble ? speed->trouble->text : NULL));
	print_json(o);
}

static void
each_speed(void *self, const struct smb_speed *speed)
{
	say_speed(self, speed->is_cipher ? "cipher" : "signature", speed);
}

static void
say_processor(const struct call *call, const struct processor *p)
{
	json_t *o;

	if (!call->json) {
		print_line("%-10s %s", "processor", p->name[0] ? p->name : "unknown");
		print_line("%-10s AES %s, carry-less multiplication %s, SHA-256 %s",
			   "has", p->aes ? "yes" : "no", p->multiply ? "yes" : "no",
			   p->sha256 ? "yes" : "no");
		return;
	}
	o = json_object();
	(void)json_object_set_new(o, "processor",
				  print_json_text(p->name[0] ? p->name : NULL));
	(void)json_object_set_new(o, "aes", json_boolean(p->aes));
	(void)json_object_set_new(o, "carryless_multiplication",
				  json_boolean(p->multiply));
	(void)json_object_set_new(o, "sha256", json_boolean(p->sha256));
	print_json(o);
}

/* What a kernel does not tell is "no". */
static void
look_at_processor(struct processor *out)
{
	AUTO_FREE char *text = NULL;
	struct err unused;
	size_t len;

	if (path_read_file("/proc/cpuinfo", CPUINFO_MAX_BYTES, ERR_LOCAL, &text, &len,
			   &unused) < 0)
		text = mem_dup("");
	processor_read(text, out);
}

/* FIPS 180-4 B.1, "abc": fast and wrong is of no use. */
static int
prove_hash(struct digest *d, struct err *e)
{
	static const char want[] =
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	char hex[DIGEST_HEX_ROOM];

	digest_add(d, "abc", 3);
	digest_hex(d, hex);
	if (str_eq(hex, want))
		return 0;
	return err_set(e, ERR_LOCAL, 0, "SHA-256 of \"abc\" came out as %s", hex);
}

static int
measure_hash(const struct call *call)
{
	AUTO_FREE uint8_t *bytes = mem_zero(HASH_BYTES, 1);
	struct smb_speed speed = {.name = "SHA-256"};
	struct digest *d = digest_new();
	int64_t from_us, took_us, done = 0;
	struct err e;

	if (prove_hash(d, &e) < 0)
		speed.trouble = &e;
	from_us = clock_us();
	do {
		digest_add(d, bytes, HASH_BYTES);
		done += HASH_BYTES;
		took_us = clock_us() - from_us;
	} while (took_us < INT64_C(1000) * EACH_MS);
	digest_free(d);
	if (!speed.trouble)
		speed.bytes_per_s = done * 1000000 / took_us;
	say_speed(call, "hash", &speed);
	return speed.trouble ? 1 : 0;
}

static int
run(const struct call *call)
{
	struct processor p;
	struct err e;
	int rc;

	look_at_processor(&p);
	say_processor(call, &p);
	rc =
	    smb_measure_crypto(EACH_MS, interrupt_stop(), each_speed, (void *)call, &e);
	if (rc < 0)
		return print_failure(FRONT_FAILED, &e);
	rc |= measure_hash(call);
	return rc == 0 ? FRONT_DONE : FRONT_FAILED;
}

const struct command command_selftest = {
    .name = "selftest",
    .arguments = "",
    .summary = "how fast this machine encrypts, signs and hashes",
    .text =
	"Measures each cipher and signature by the code that sends, one thread, in\n"
	"messages of 512 KiB, and SHA-256, which packages are hashed by when they are\n"
	"filed.  Each is first proved right.  Takes about three seconds.  Where a "
	"line\n"
	"is faster than what is agreed with its server, the processor is the limit.",
    .examples = "  lansender selftest --json | jq 'select(.kind==\"cipher\")'\n",
    .exits = "  0  all of them work\n  1  one does not, or is forbidden here (FIPS)\n"
	     "  2  wrong usage\n",
    .run = run,
};
