// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/segments.hpp"

#include "backend/setup.hpp"
#include "backend/vcpu/real_mode.hpp"
#include "backend/vcpu/registers.hpp"

namespace backend {

namespace {

using check::SegmentState;
using field::Segment;

enum Part : u32 { base, limit, rights_, selector };

// kvm.ko numbers TR before LDTR; the VMCS has LDTR first. Indexed by kvm.ko's number, which comes
// from kvm.ko itself, never from a guest.
constexpr Segment vmcs_order[] = {Segment::es, Segment::cs, Segment::ss, Segment::ds,
				  Segment::fs, Segment::gs, Segment::tr, Segment::ldtr};

constexpr u32 encoding(Part part, Segment segment)
{
	constexpr u32 first[] = {f::guest_es_base.encoding, f::guest_es_limit.encoding,
				 f::guest_es_access_rights.encoding, f::guest_es_selector.encoding};

	return first[part] + 2 * static_cast<u32>(segment);
}
static_assert(encoding(limit, Segment::tr) == f::guest_tr_limit.encoding);
static_assert(encoding(selector, Segment::gs) == f::guest_gs_selector.encoding);
static_assert(encoding(rights_, Segment::ldtr) == f::guest_ldtr_access_rights.encoding);
static_assert(encoding(base, Segment::ss) == f::guest_ss_base.encoding);

/// Apart, so that what is in the cache costs no more than a look.
[[gnu::noinline]] u64 read_part(Current current, u32 encoding)
{
	return hw::read_encoded(current, encoding);
}

/// One field of one segment, from the cache if it has been read since the last exit.
template <Part part> auto &cached(Vcpu &vcpu, Segment segment)
{
	auto &entry = vcpu.segments.entries[static_cast<u32>(segment)];
	const u32 valid = 1U << (static_cast<u32>(segment) * 4 + part);
	auto &value = [&]() -> auto &
	{
		if constexpr (part == base)
			return entry.base;
		else if constexpr (part == limit)
			return entry.limit;
		else if constexpr (part == rights_)
			return entry.rights;
		else
			return entry.selector;
	}
	();

	if (!available(vcpu, kernel::VCPU_EXREG_SEGMENTS)) {
		mark_available(vcpu, kernel::VCPU_EXREG_SEGMENTS);
		vcpu.segments.forget();
	}
	if (!(vcpu.segments.valid & valid)) {
		vcpu.segments.valid |= valid;
		value = static_cast<std::remove_reference_t<decltype(value)>>(
			read_part(vcpu.current(), encoding(part, segment)));
	}
	return value;
}

constexpr u32 vmcs_rights(const kernel::kvm_segment &s)
{
	// SS.DPL is the CPL even of a segment that is not usable.
	return (s.unusable || !s.present ? rights::unusable : 0) | (s.type & 15U) |
	       (s.s & 1U) << 4 | (s.dpl & 3U) << 5 | (s.present & 1U) << 7 | (s.avl & 1U) << 12 |
	       (s.l & 1U) << 13 | (s.db & 1U) << 14 | (s.g & 1U) << 15;
}

/// Real mode's virtual-8086 task has access rights, and a TR, of its own.
u32 architectural_rights(Vcpu &vcpu, Segment which)
{
	if (vcpu.real_mode.active) [[unlikely]]
		return vcpu.real_mode.segments[static_cast<u32>(which)].rights;
	return cached<rights_>(vcpu, which);
}

} // namespace

SegmentState read_segment(Vcpu &vcpu, Segment which)
{
	return {.base = cached<base>(vcpu, which),
		.limit = cached<limit>(vcpu, which),
		.rights = cached<rights_>(vcpu, which),
		.selector = cached<selector>(vcpu, which)};
}

void write_segment(Vcpu &vcpu, Segment which, SegmentState value)
{
	const Current current = vcpu.current();

	vcpu.segments.forget();
	mark_available(vcpu, kernel::VCPU_EXREG_SEGMENTS);
	hw::write_encoded(current, encoding(base, which), value.base);
	hw::write_encoded(current, encoding(limit, which), value.limit);
	hw::write_encoded(current, encoding(selector, which), value.selector);
	hw::write_encoded(current, encoding(rights_, which), value.rights);
}

SegmentState architectural_segment(Vcpu &vcpu, Segment which)
{
	if (vcpu.real_mode.active && which == Segment::tr) [[unlikely]]
		return vcpu.real_mode.segments[static_cast<u32>(which)];

	SegmentState s = read_segment(vcpu, which);

	// Loading a segment register in real mode leaves both as they are.
	if (vcpu.real_mode.active) [[unlikely]] {
		s.limit = vcpu.real_mode.segments[static_cast<u32>(which)].limit;
		s.rights = vcpu.real_mode.segments[static_cast<u32>(which)].rights;
	}
	return s;
}

u64 get_segment_base(kernel::kvm_vcpu *kvm, int seg)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Segment which = vmcs_order[seg];

	if (vcpu.real_mode.active && which == Segment::tr) [[unlikely]]
		return vcpu.real_mode.segments[static_cast<u32>(which)].base;
	return cached<base>(vcpu, which);
}

void get_segment(kernel::kvm_vcpu *kvm, kernel::kvm_segment *s, int seg)
{
	const SegmentState state = architectural_segment(vcpu_of(kvm), vmcs_order[seg]);
	const u32 ar = state.rights;

	s->base = state.base;
	s->limit = state.limit;
	s->selector = state.selector;
	s->unusable = (ar & rights::unusable) != 0;
	s->type = ar & 15;
	s->s = ar >> 4 & 1;
	s->dpl = ar >> 5 & 3;
	// The CPU may leave P set in an unusable segment; userspace that loads this back expects
	// both to agree.
	s->present = !s->unusable;
	s->avl = ar >> 12 & 1;
	s->l = ar >> 13 & 1;
	s->db = ar >> 14 & 1;
	s->g = ar >> 15 & 1;
}

void set_segment(kernel::kvm_vcpu *kvm, kernel::kvm_segment *s, int seg)
{
	Vcpu &vcpu = vcpu_of(kvm);
	const Segment which = vmcs_order[seg];
	SegmentState state = {s->base, s->limit, vmcs_rights(*s), static_cast<u16>(s->selector)};

	// Userspace of old saved data segments without the accessed bit, which VM entry demands
	// (SDM, "Checks on Guest Segment Registers"). LDTR alone may lack it: its type is 2.
	if (which != Segment::ldtr && !(state.rights & rights::unusable))
		state.rights |= 1;
	if (setup().features.unrestricted_guest)
		write_segment(vcpu, which, state);
	else
		write_restricted_segment(vcpu, which, state);
}

int get_cpl(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (!protected_mode(vcpu))
		return 0;
	if (!long_mode(vcpu) && get_rflags(kvm) & rflags::vm)
		return 3;
	// SS.DPL is the CPL, also while it is unusable (SDM, "Guest Register State").
	return static_cast<int>(rights::dpl(cached<rights_>(vcpu, Segment::ss)));
}

u32 code_segment_rights(Vcpu &vcpu)
{
	return architectural_rights(vcpu, Segment::cs);
}

void get_cs_db_l_bits(kernel::kvm_vcpu *kvm, int *db, int *l)
{
	const u32 ar = code_segment_rights(vcpu_of(kvm));

	*db = ar >> 14 & 1;
	*l = ar >> 13 & 1;
}

void get_idt(kernel::kvm_vcpu *kvm, kernel::desc_ptr *table)
{
	const Current current = vcpu_of(kvm).current();

	table->size = static_cast<u16>(read(current, f::guest_idtr_limit));
	table->address = read(current, f::guest_idtr_base);
}

void set_idt(kernel::kvm_vcpu *kvm, kernel::desc_ptr *table)
{
	const Current current = vcpu_of(kvm).current();

	write(current, f::guest_idtr_limit, u32{table->size});
	write(current, f::guest_idtr_base, u64{table->address});
}

void get_gdt(kernel::kvm_vcpu *kvm, kernel::desc_ptr *table)
{
	const Current current = vcpu_of(kvm).current();

	table->size = static_cast<u16>(read(current, f::guest_gdtr_limit));
	table->address = read(current, f::guest_gdtr_base);
}

void set_gdt(kernel::kvm_vcpu *kvm, kernel::desc_ptr *table)
{
	const Current current = vcpu_of(kvm).current();

	write(current, f::guest_gdtr_limit, u32{table->size});
	write(current, f::guest_gdtr_base, u64{table->address});
}

// RFLAGS has no slot in kvm.ko's register array: the cached value stands in the vCPU.
unsigned long get_rflags(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);

	if (!available(vcpu, kernel::VCPU_EXREG_RFLAGS)) {
		mark_available(vcpu, kernel::VCPU_EXREG_RFLAGS);
		vcpu.rflags = read(vcpu.current(), f::guest_rflags);
		if (vcpu.real_mode.active) [[unlikely]]
			vcpu.rflags = (vcpu.rflags & ~virtual_8086_flags) | vcpu.real_mode.flags;
	}
	return vcpu.rflags;
}

void set_rflags(kernel::kvm_vcpu *kvm, unsigned long value)
{
	Vcpu &vcpu = vcpu_of(kvm);

	// In virtual-8086 mode segments are judged by other rules.
	if (!setup().features.unrestricted_guest && (get_rflags(kvm) ^ value) & rflags::vm)
		vcpu.real_mode.checked = false;
	mark_available(vcpu, kernel::VCPU_EXREG_RFLAGS);
	vcpu.rflags = value;
	if (vcpu.real_mode.active) [[unlikely]] {
		vcpu.real_mode.flags = value & virtual_8086_flags;
		value |= virtual_8086_flags;
	}
	write(vcpu.current(), f::guest_rflags, u64{value});
}

bool get_if_flag(kernel::kvm_vcpu *kvm)
{
	return get_rflags(kvm) & rflags::if_;
}

void reset_segments(Vcpu &vcpu)
{
	constexpr u32 data = 0x93, code = 0x9b, ldt = 0x82, busy_tss = 0x8b;

	constexpr Segment data_segments[] = {Segment::es, Segment::ss, Segment::ds, Segment::fs,
					     Segment::gs};

	// set_cr0() follows and makes real mode of it, where that needs making.
	vcpu.real_mode = {};
	for (Segment s : data_segments)
		write_segment(vcpu, s, {0, 0xffff, data, 0});
	write_segment(vcpu, Segment::cs, {0xffff0000, 0xffff, code, 0xf000});
	write_segment(vcpu, Segment::ldtr, {0, 0xffff, ldt, 0});
	write_segment(vcpu, Segment::tr, {0, 0xffff, busy_tss, 0});
}

} // namespace backend
