// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/setup.hpp"
#include "core/config/report.hpp"

/// Loading, unloading, and CPUs that come and go.
namespace backend {

/// Whether this machine has VMX at all, and whether its firmware lets it be used.
int cpu_has_kvm_support();
int disabled_by_bios();

/// Computes the configuration of the CPU that runs this, tells `kvm.ko` what it means, and
/// allocates.
/// @return 0 or -errno.
int hardware_setup();
void hardware_unsetup();

/// On each CPU at load. @return 0, or -EIO if it computes another configuration.
int check_processor_compatibility();

/// VMX operation of the CPU that runs this, interrupts off. @return 0 or -errno.
int hardware_enable();
void hardware_disable();

/// From the parameters and the boot CPU's capability MSRs. Reports to the kernel log.
/// @return 0, -EIO if the CPU contradicts itself or lacks a required control,
/// -EOPNOTSUPP if it lacks what only this module needs.
int decide_setup();

/// The report that stands in debugfs.
void print_setup(const config::Sink &sink);

} // namespace backend
