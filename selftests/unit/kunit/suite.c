// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's runner: every case of every C++ suite is one parameter of a KUnit case. */
#include <kunit/test.h>
#include <linux/module.h>

#include "cases.h"

static const void *next_case(const void *previous, char *description)
{
	return kvmxx_unit_next(previous, description, KUNIT_PARAM_DESC_SIZE);
}

static void report(void *test, const char *text)
{
	KUNIT_FAIL((struct kunit *)test, "%s", text);
}

static void run_case(struct kunit *test)
{
	kvmxx_unit_run(test->param_value, report, test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(run_case, next_case),
	{}
};

static struct kunit_suite suite = {
	.name = "kvmxx",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Unit tests of kvm-intel's core");
