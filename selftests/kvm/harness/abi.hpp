// SPDX-License-Identifier: GPL-2.0-only
//
// <linux/kvm.h> for C++. Its flexible arrays are declared after an empty struct, which takes no
// room in C but one byte in C++: sizes, offsets and so the ioctl numbers would be wrong.
#pragma once

#include <linux/stddef.h>
#undef __DECLARE_FLEX_ARRAY
#define __DECLARE_FLEX_ARRAY(type, name) type name[0]
#include <linux/kvm.h>

static_assert(sizeof(kvm_msrs) == 8 && sizeof(kvm_cpuid2) == 8 && sizeof(kvm_msr_list) == 4);
