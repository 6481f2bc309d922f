// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <asm/io.h>

#include "page.h"

void *kvmxx_allocate_zeroed_page(void)
{
	return (void *)__get_free_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

void kvmxx_free_page_at(const void *page)
{
	free_page((unsigned long)page);
}

void *kvmxx_allocate_contiguous(unsigned long size)
{
	return (void *)__get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO, get_order(size));
}

void kvmxx_free_contiguous(const void *memory, unsigned long size)
{
	free_pages((unsigned long)memory, get_order(size));
}

unsigned long kvmxx_physical(const void *address)
{
	return virt_to_phys((void *)address);
}

void *kvmxx_virtual(unsigned long physical)
{
	return phys_to_virt(physical);
}

void *kvmxx_allocate(unsigned long size)
{
	return kvzalloc(size, GFP_KERNEL_ACCOUNT);
}

void kvmxx_free(const void *memory)
{
	kvfree(memory);
}
