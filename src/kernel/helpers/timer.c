// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hrtimer.h>

#include "timer.h"

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	struct kvmxx_timer *mine = container_of(timer, struct kvmxx_timer, timer);

	mine->expired(mine->context);
	return HRTIMER_NORESTART;
}

void kvmxx_timer_create(struct kvmxx_timer *timer, void (*call)(void *), void *context)
{
	hrtimer_init(&timer->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED);
	timer->timer.function = expired;
	timer->expired = call;
	timer->context = context;
}

void kvmxx_timer_start(struct kvmxx_timer *timer, unsigned long ns)
{
	hrtimer_start(&timer->timer, ktime_add_ns(ktime_get(), ns), HRTIMER_MODE_ABS_PINNED);
}

void kvmxx_timer_stop(struct kvmxx_timer *timer)
{
	hrtimer_cancel(&timer->timer);
}
