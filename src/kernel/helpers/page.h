/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_PAGE_H
#define KVMXX_HELPERS_PAGE_H

#include "language.h"

void *kvmxx_allocate_zeroed_page(void);   /* charged to the current cgroup; NULL: no memory */
void kvmxx_free_page_at(const void *page);
/* Physically contiguous, zeroed, charged; NULL: no memory. Freed with the size it was asked for. */
void *kvmxx_allocate_contiguous(unsigned long size);
void kvmxx_free_contiguous(const void *memory, unsigned long size);
unsigned long kvmxx_physical(const void *address);
void *kvmxx_virtual(unsigned long physical);
void *kvmxx_allocate(unsigned long size);   /* zeroed, charged; NULL: no memory */
void kvmxx_free(const void *memory);

#endif
