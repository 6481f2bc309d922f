/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_TIMER_H
#define KVMXX_HELPERS_TIMER_H

#include "language.h"

struct kvmxx_timer {
	struct hrtimer timer;
	void (*expired)(void *context);
	void *context;
};

void kvmxx_timer_create(struct kvmxx_timer *timer, void (*expired)(void *), void *context);
void kvmxx_timer_start(struct kvmxx_timer *timer, unsigned long ns);
void kvmxx_timer_stop(struct kvmxx_timer *timer);

#endif
