// SPDX-License-Identifier: GPL-2.0-only
#include "backend/setup.hpp"

#include "backend/hw/capabilities.hpp"
#include "backend/hyperv/detect.hpp"
#include "backend/load.hpp"
#include "backend/nested/capabilities.hpp"
#include "core/hyperv/capabilities.hpp"
#include "kernel/cpu.hpp"
#include "kernel/errno.hpp"
#include "kernel/parameters.hpp"
#include "kernel/print.hpp"
#include "kernel/sgx.hpp"
#include "vmx/arch.hpp"

namespace backend {

constinit Setup chosen_setup{};

namespace {

void log_line(void *, config::Severity severity, const char *text)
{
	switch (severity) {
	case config::Severity::info:
		kernel::info("%s\n", text);
		break;
	case config::Severity::warn:
		kernel::warn("%s\n", text);
		break;
	case config::Severity::reject:
		kernel::error("%s\n", text);
		break;
	}
}

/// What this module drives, of what the core would choose: the rest is not in use, and not shown
/// so.
void keep_what_is_driven(VmcsConfig &config)
{
	config.secondary &= secondary::virtualize_apic_accesses | secondary::virtualize_x2apic |
			    secondary::apic_register_virtualization |
			    secondary::virtual_interrupt_delivery | secondary::enable_ept |
			    secondary::enable_rdtscp | secondary::enable_vpid |
			    secondary::wbinvd_exiting | secondary::unrestricted_guest |
			    secondary::pause_loop_exiting | secondary::enable_invpcid |
			    secondary::enable_xsaves | secondary::use_tsc_scaling |
			    secondary::enable_pml | secondary::enable_user_wait_pause |
			    secondary::rdrand_exiting | secondary::rdseed_exiting |
			    secondary::descriptor_table_exiting | secondary::bus_lock_detection |
			    secondary::instruction_timeout | secondary::encls_exiting;
	config.tertiary &= tertiary::ipi_virtualization;
}

/// APICv is register virtualization and virtual-interrupt delivery together. The distribution's
/// module wants posted interrupts with them, and so does this one unless told otherwise.
void apply_apic_parameters(VmcsConfig &config)
{
	constexpr Secondary apicv =
		secondary::apic_register_virtualization | secondary::virtual_interrupt_delivery;
	const bool posts = config.pin.has(pin::posted_interrupts);

	if (!parameter_flexpriority)
		config.secondary &= ~secondary::virtualize_apic_accesses;
	if (!kernel::enable_apicv || !config.secondary.has(apicv) ||
	    (!posts && parameter_require_posted_interrupts)) {
		config.secondary &= ~apicv;
		config.pin &= ~pin::posted_interrupts;
	}
	if (!parameter_enable_ipiv || !config.pin.has(pin::posted_interrupts))
		config.tertiary &= ~tertiary::ipi_virtualization;
	if (config.tertiary.empty())
		config.primary &= ~primary::activate_tertiary;
}

/// What a parameter turns off, and what cannot be without it.
void apply_parameters(VmcsConfig &config)
{
	auto drop = [&](bool keep, Secondary controls) {
		if (!keep)
			config.secondary &= ~controls;
	};

	keep_what_is_driven(config);
	apply_apic_parameters(config);
	drop(parameter_vpid, secondary::enable_vpid);
	drop(parameter_ple_gap != 0, secondary::pause_loop_exiting);
	drop(parameter_unrestricted_guest, secondary::unrestricted_guest);
	drop(parameter_ept, secondary::enable_ept | secondary::unrestricted_guest);
	// The CPU logs what sets a dirty bit, so there must be dirty bits.
	drop(parameter_pml && parameter_eptad && config.secondary.has(secondary::enable_ept) &&
		     config.ept_vpid.has(ept_vpid_cap::accessed_dirty),
	     secondary::enable_pml);
	if (!parameter_vnmi)
		config.pin &= ~pin::virtual_nmis;
	if (!parameter_preemption_timer)
		config.pin &= ~pin::preemption_timer;
}

Features features_of(const VmcsConfig &config)
{
	const bool ept = config.secondary.has(secondary::enable_ept);
	const bool unrestricted_guest = config.secondary.has(secondary::unrestricted_guest);
	const bool flexpriority = config.primary.has(primary::use_tpr_shadow) &&
				  config.secondary.has(secondary::virtualize_apic_accesses);
	const bool apicv = config.secondary.has(secondary::virtual_interrupt_delivery);
	const bool identity_slot_is_free = !ept || unrestricted_guest;

	return {.ept = ept,
		.ept_ad =
			ept && parameter_eptad && config.ept_vpid.has(ept_vpid_cap::accessed_dirty),
		.pml = config.secondary.has(secondary::enable_pml),
		.unrestricted_guest = unrestricted_guest,
		.vpid = config.secondary.has(secondary::enable_vpid),
		.tpr_shadow = config.primary.has(primary::use_tpr_shadow),
		.msr_bitmap = config.primary.has(primary::use_msr_bitmaps),
		.virtual_nmi = config.pin.has(pin::virtual_nmis),
		.tsc_scaling = config.secondary.has(secondary::use_tsc_scaling),
		.preemption_timer = config.pin.has(pin::preemption_timer),
		.flexpriority = flexpriority,
		// kvm.ko maps its own slot for the page only while APICv is on (apic_page.cpp).
		.apic_page = flexpriority && (identity_slot_is_free || apicv),
		.identity_slot_is_free = identity_slot_is_free,
		.apicv = apicv,
		.posted_interrupts = config.pin.has(pin::posted_interrupts),
		.ipi_virtualization = config.tertiary.has(tertiary::ipi_virtualization),
		// With EPT, since without it the faults of enclaves would have to be told from
		// those of shadow page tables.
		.sgx = parameter_sgx && ept && config.secondary.has(secondary::encls_exiting) &&
		       kernel::cpu_has(kernel::X86_FEATURE_SGX) &&
		       kernel::cpu_has(kernel::X86_FEATURE_SGX1) && kernel::can_run_enclaves(),
		.spec_ctrl = kernel::has_spec_ctrl(),
		.host_perf = kernel::cpu_has(kernel::X86_FEATURE_ARCH_PERFMON),
		.msrs_at_entry = kernel::cpu_has(kernel::X86_FEATURE_ARCH_PERFMON) ||
				 config.secondary.has(secondary::enable_user_wait_pause),
		.switch_perf_global_ctrl = config.entry.has(entry::load_perf_global_ctrl) &&
					   config.exit.has(exit::load_perf_global_ctrl),
		.host_arch_capabilities = kernel::cpu_has(kernel::X86_FEATURE_ARCH_CAPABILITIES)
						  ? kernel::read_msr(msr::arch_capabilities)
						  : 0};
}

/// /sys/module/kvm_intel/parameters shows what is in use.
void report_parameters(const Features &features)
{
	// Shadow pages check a guest's reserved bits anyway. Whoever turns EPT off gets that with
	// it, as from the distribution's module; a CPU that has none leaves the parameter alone.
	if (!parameter_ept)
		kernel::allow_smaller_maxphyaddr = true;
	parameter_ept = features.ept;
	parameter_eptad = features.ept_ad;
	parameter_pml = features.pml;
	parameter_unrestricted_guest = features.unrestricted_guest;
	parameter_vpid = features.vpid;
	parameter_vnmi = features.virtual_nmi;
	parameter_preemption_timer = features.preemption_timer;
	parameter_flexpriority = features.flexpriority;
	kernel::enable_apicv = features.apicv;
	parameter_enable_ipiv = features.ipi_virtualization;
	parameter_sgx = features.sgx;
	if (!chosen_setup.capabilities.secondary().allowed1.has(secondary::pause_loop_exiting))
		parameter_ple_gap = parameter_ple_window = parameter_ple_window_grow =
			parameter_ple_window_shrink = parameter_ple_window_max = 0;
	parameter_enlightened_vmcs = chosen_setup.hyperv.enlightened_vmcs;
}

/// Those of this CPU, as far as this module's VMCSs can make use of them.
VmxCapabilities read_capabilities(const config::Sink &sink)
{
	const VmxCapabilities capabilities = hw::read_capabilities();

	return chosen_setup.hyperv.enlightened_vmcs
		       ? vmx::hyperv::carried_capabilities(capabilities, chosen_setup.hyperv, sink)
		       : capabilities;
}

/// What this module cannot do without, although others can.
int check_needs(const Features &features)
{
	int error = 0;
	auto need = [&](bool present, const char *what) {
		if (present)
			return;
		kernel::error("%s is needed: the CPU lacks it, or a parameter turns it off\n",
			      what);
		error = -kernel::EOPNOTSUPP;
	};

	need(features.msr_bitmap, "use of MSR bitmaps");
	return error;
}

} // namespace

int decide_setup()
{
	config::Report report{.sink = {log_line, nullptr}};

	chosen_setup.hyperv = hyperv::detect();
	chosen_setup.capabilities = read_capabilities(report.sink);
	chosen_setup.config = config::compute(
		chosen_setup.capabilities,
		{.error_on_inconsistent = parameter_error_on_inconsistent_vmcs_config}, report);
	if (!report.usable())
		return -kernel::EIO;
	apply_parameters(chosen_setup.config);
	chosen_setup.features = features_of(chosen_setup.config);
	if (const int error = check_needs(chosen_setup.features))
		return error;
	if (const int error = nested::choose_revision())
		return error;
	report_parameters(chosen_setup.features);
	return 0;
}

int check_processor_compatibility()
{
	config::Report report{};
	const auto capabilities = read_capabilities({});
	VmcsConfig mine = config::compute(
		capabilities,
		{.error_on_inconsistent = parameter_error_on_inconsistent_vmcs_config}, report);

	apply_parameters(mine);
	if (report.usable() && mine == chosen_setup.config)
		return 0;
	kernel::error(
		"CPU %d: its VMX configuration differs from that of the CPU that loaded the module:\n",
		kernel::this_cpu_id());
	config::compare(chosen_setup.config, mine, {log_line, nullptr});
	return -kernel::EIO;
}

void print_setup(const config::Sink &sink)
{
	config::Report report{.sink = sink};

	// The rules again, so that the report is whole by itself; and what they were not shown.
	(void)read_capabilities(sink);
	(void)config::compute(chosen_setup.capabilities, {.error_on_inconsistent = false}, report);
	config::print_config(chosen_setup.capabilities, chosen_setup.config, sink);
}

} // namespace backend
