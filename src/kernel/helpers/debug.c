// SPDX-License-Identifier: GPL-2.0-only
#include <linux/percpu.h>
#include <linux/processor.h>

#include <asm/debugreg.h>

#include "debug.h"

void kvmxx_read_debug_registers(unsigned long db[4], unsigned long *dr6)
{
	get_debugreg(db[0], 0);
	get_debugreg(db[1], 1);
	get_debugreg(db[2], 2);
	get_debugreg(db[3], 3);
	get_debugreg(*dr6, 6);
}

void kvmxx_write_dr6(unsigned long value)
{
	set_debugreg(value, 6);
}
