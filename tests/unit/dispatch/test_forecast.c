/* A forecast is made in slices: none takes much longer than it was asked to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/build.h"
#include "dispatch/forecast.h"

#define NOW_MS INT64_C(1795424400000) /* Mon 2026-11-23 09:00 UTC */

enum { REQUESTS = 100, COURSES = 5, EVENTS = 10, DAY_MS = 86400000 };

/* Courses in which nothing happens are over at once, but each is begun: with thousands
 * of requests that is what takes long. */
static void
each_course_is_begun_in_a_slice_of_its_own(void **state)
{
	static const char text[] = "[sender]\nzone = UTC\n[site MS1]\n[address MS1.1]\n"
				   "type = dir\npath = /x\nschedule = closed\n";
	struct world_request requests[REQUESTS];
	struct dispatch_arrival arrivals[REQUESTS];
	struct config *c;
	struct rate_facts facts = {0};
	struct forecast_input in = {
	    .facts = &facts,
	    .requests = requests,
	    .count = REQUESTS,
	    .now_ms = NOW_MS,
	    .until_at_ms = NOW_MS + DAY_MS,
	    .seed = 1,
	    .courses = COURSES,
	};
	struct forecast *f;
	int slices = 0;
	struct err e;

	(void)state;
	if (config_from_bytes("t.conf", text, strlen(text), &c, &e) < 0)
		fail_msg("%s", e.text);
	facts.config = c;
	in.weather = weather_new(c, NULL, 0);
	for (int i = 0; i < REQUESTS; i++)
		requests[i] = (struct world_request){.id = i + 1,
						     .priority = REQUEST_MEDIUM,
						     .filed_at_ms = NOW_MS,
						     .expires_at_ms = NOW_MS + DAY_MS,
						     .bytes_left = 1};
	f = forecast_new(&in, NULL);
	while (forecast_go(f, EVENTS))
		slices++;
	forecast_sum(f, arrivals);
	forecast_free(f);
	assert_true(slices >= COURSES);
	assert_true(arrivals[0].likely_at_ms == INT64_MAX);
	weather_free(in.weather);
	config_free(c);
	forecast_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_course_is_begun_in_a_slice_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
