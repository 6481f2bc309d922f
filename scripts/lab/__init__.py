# SPDX-License-Identifier: GPL-2.0-only
"""The lab: runs a command on a machine with VMX, emulated where the host has none."""
