// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel log. print.hpp declares these, with C++ names of their own and the same format checks.
 */
#include <linux/printk.h>
#include <linux/ratelimit.h>

void kvmxx_error(const char *format, ...);
void kvmxx_warn(const char *format, ...);
void kvmxx_info(const char *format, ...);
void kvmxx_warn_ratelimited(const char *format, ...);
bool kvmxx_may_log(void);

#define PRINTER(name, level)							\
	__printf(1, 2) void name(const char *format, ...)			\
	{									\
		struct va_format vaf = { .fmt = format };			\
		va_list arguments;						\
										\
		va_start(arguments, format);					\
		vaf.va = &arguments;						\
		printk(level KBUILD_MODNAME ": %pV", &vaf);			\
		va_end(arguments);						\
	}

PRINTER(kvmxx_error, KERN_ERR)
PRINTER(kvmxx_warn, KERN_WARNING)
PRINTER(kvmxx_info, KERN_INFO)

__printf(1, 2) void kvmxx_warn_ratelimited(const char *format, ...)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	struct va_format vaf = { .fmt = format };
	va_list arguments;

	if (!__ratelimit(&limit))
		return;
	va_start(arguments, format);
	vaf.va = &arguments;
	printk(KERN_WARNING KBUILD_MODNAME ": %pV", &vaf);
	va_end(arguments);
}

bool kvmxx_may_log(void)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

	return __ratelimit(&limit);
}
