// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kernel/bindings.hpp"

namespace kernel {

/// What kvm_x86_vendor_init() and kvm_init() take.
extern kvm_x86_init_ops init_ops;

/// Takes out of the tables what the configuration does not use. Before kvm.ko copies them.
void choose_operations();

} // namespace kernel
