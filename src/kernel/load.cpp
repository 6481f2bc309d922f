// SPDX-License-Identifier: GPL-2.0-only
//
// The way in and out: the configuration first, then kvm.ko.
#include "backend/load.hpp"

#include "backend/exit/counters.hpp"
#include "backend/nested/failures.hpp"
#include "backend/vcpu/vcpu.hpp"
#include "kernel/debugfs.hpp"
#include "kernel/errno.hpp"
#include "kernel/ops.hpp"
#include "kernel/print.hpp"

extern "C" {
extern kernel::module __this_module;
}

namespace {

int start()
{
	using namespace kernel;

	if (!backend::cpu_has_kvm_support()) {
		error("this CPU has no VMX\n");
		return -EOPNOTSUPP;
	}
	if (backend::disabled_by_bios()) {
		error("VMX is disabled by the firmware (IA32_FEATURE_CONTROL)\n");
		return -EOPNOTSUPP;
	}
	if (const int result = backend::decide_setup())
		return result;
	choose_operations();
	if (const int result = kvm_x86_vendor_init(&init_ops))
		return result;
	if (const int result = kvm_init(&init_ops, sizeof(backend::Vcpu), alignof(backend::Vcpu),
					&__this_module)) {
		kvm_x86_vendor_exit();
		return result;
	}
	create_debugfs();
	return 0;
}

/// A parameter that is kvm.ko's would be the next module's as well.
void forget_parameters()
{
	kernel::allow_smaller_maxphyaddr = false;
}

} // namespace

extern "C" {

int kvmxx_init()
{
	const int result = start();

	if (result)
		forget_parameters();
	return result;
}

static vmx::config::Sink lines_of(void *file)
{
	return {[](void *context, vmx::config::Severity, const char *text) {
			kvmxx_debugfs_line(context, text);
		},
		file};
}

void kvmxx_show_vmcs_config(void *file)
{
	backend::print_setup(lines_of(file));
}

void kvmxx_show_exits(void *file)
{
	backend::print_exits(lines_of(file));
}

void kvmxx_show_nested_entry_failures(void *file)
{
	backend::nested::print_failures(lines_of(file));
}

void kvmxx_exit()
{
	kernel::remove_debugfs();
	kernel::kvm_exit();
	kernel::kvm_x86_vendor_exit();
	forget_parameters();
}
}
