/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_UNIT_CASES_H
#define KVMXX_UNIT_CASES_H

/* What the C runner sees of the C++ cases. */

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The case after `previous` (NULL: the first), NULL after the last. Writes its name, at most `size` bytes
 * with the terminating zero, to `name`.
 */
const void *kvmxx_unit_next(const void *previous, char *name, unsigned int size);

/* Runs a case; `report` is called with a line for each expectation that does not hold. */
void kvmxx_unit_run(const void *unit_case, void (*report)(void *context, const char *text), void *context);

#ifdef __cplusplus
}
#endif

#endif
