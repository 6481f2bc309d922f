// SPDX-License-Identifier: GPL-2.0-only
#include <asm/msr.h>

#include "msr.h"

unsigned long kvmxx_read_msr(unsigned int msr)
{
	unsigned long value;

	rdmsrl(msr, value);
	return value;
}

void kvmxx_write_msr(unsigned int msr, unsigned long value)
{
	wrmsrl(msr, value);
}

int kvmxx_rdmsr_safe(unsigned int msr, unsigned long *value)
{
	unsigned long long v;
	int error = rdmsrl_safe(msr, &v);

	*value = v;
	return error;
}

int kvmxx_wrmsr_safe(unsigned int msr, unsigned long value)
{
	return wrmsrl_safe(msr, value);
}

int kvmxx_rdmsr_safe_on_cpu(int cpu, unsigned int msr, unsigned long *value)
{
	u64 v;
	int error = rdmsrl_safe_on_cpu(cpu, msr, &v);

	*value = v;
	return error;
}
