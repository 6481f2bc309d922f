// SPDX-License-Identifier: GPL-2.0-only
#include "backend/exit/failure.hpp"

#include "backend/hw/capabilities.hpp"
#include "backend/setup.hpp"
#include "backend/vcpu/registers.hpp"
#include "core/check/check.hpp"
#include "core/dump/dump.hpp"
#include "kernel/cpu.hpp"
#include "kernel/parameters.hpp"
#include "kernel/print.hpp"

namespace backend {

namespace {

constexpr config::Sink log = {
	[](void *, config::Severity, const char *text) { kernel::error("%s\n", text); }, nullptr};

/// The VMCS that is current. Reading it is all that the core does with it.
constexpr VmcsSource current_vmcs = {
	[](void *, u32 encoding, u64 &value) { return hw::try_read(encoding, value); }, nullptr};

// Not inline: what it needs of the stack is for here only.
[[gnu::noinline]] void report_checks()
{
	const check::State state = check::read_state(current_vmcs);
	const unsigned count = check::find_violations(
		check::Area::guest, state, hw::entry_limits(), [](const check::Check &check) {
			kernel::error("  %s does not hold (SDM, \"%s\")\n", check.id,
				      check.section);
		});

	if (!count)
		kernel::error("  every check on the guest-state area holds as far as known here\n");
}

[[gnu::noinline]] void dump_vmcs(Vcpu &vcpu)
{
	const hw::MsrLists &msrs = vcpu.msr_lists;

	dump::print_vmcs(current_vmcs,
			 {.region = vcpu.vmcs().physical(),
			  .revision = vcpu.vmcs().revision(),
			  .vcpu = static_cast<u32>(vcpu.kvm.vcpu_id),
			  .last_cpu = vcpu.kvm.arch.last_vmentry_cpu,
			  .entry_load = {msrs.guest(), msrs.count()},
			  .exit_load = {msrs.host(), msrs.count()}},
			 log);
}

void dump_or_say_how(Vcpu &vcpu)
{
	if (parameter_dump_invalid_vmcs)
		dump_vmcs(vcpu);
	else
		kernel::error(
			"  set the module's parameter dump_invalid_vmcs to see the whole VMCS\n");
}

} // namespace

void report_failed_launch(Vcpu &vcpu)
{
	if (!kernel::may_log())
		return;
	dump::print_launch_failure(read(vcpu.current(), f::instruction_error), log);
	dump_or_say_how(vcpu);
}

void report_failed_entry(Vcpu &vcpu)
{
	if (!kernel::may_log())
		return;
	dump::print_entry_failure(vcpu.exit.reason, exit_qualification(vcpu), log);
	if (vcpu.exit.reason.basic() == Reason::invalid_guest)
		report_checks();
	dump_or_say_how(vcpu);
}

} // namespace backend
