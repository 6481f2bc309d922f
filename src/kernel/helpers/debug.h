/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_DEBUG_H
#define KVMXX_HELPERS_DEBUG_H

#include "language.h"

void kvmxx_read_debug_registers(unsigned long db[4], unsigned long *dr6);
void kvmxx_write_dr6(unsigned long value);

#endif
