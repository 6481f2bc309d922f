// SPDX-License-Identifier: GPL-2.0-only
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kconfig.h>

#include <asm/sgx.h>

#include "sgx.h"

bool kvmxx_can_run_enclaves(void)
{
	return IS_ENABLED(CONFIG_X86_SGX_KVM);
}

#ifdef CONFIG_X86_SGX_KVM

int kvmxx_ecreate(void *page_info, unsigned long secs, int *vector)
{
	return sgx_virt_ecreate(page_info, (void __user *)secs, vector);
}

int kvmxx_einit(unsigned long signature, unsigned long token, unsigned long secs,
		unsigned long long key_hash[4], int *vector)
{
	return sgx_virt_einit((void __user *)signature, (void __user *)token, (void __user *)secs,
			      (u64 *)key_hash, vector);
}

#else

int kvmxx_ecreate(void *page_info, unsigned long secs, int *vector)
{
	return -EINVAL;
}

int kvmxx_einit(unsigned long signature, unsigned long token, unsigned long secs,
		unsigned long long key_hash[4], int *vector)
{
	return -EINVAL;
}

#endif
