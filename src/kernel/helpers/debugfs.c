// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "debugfs.h"

static struct dentry *directory;

void kvmxx_debugfs_line(void *file, const char *text)
{
	seq_puts(file, text);
	seq_putc(file, '\n');
}

static int vmcs_config_show(struct seq_file *file, void *unused)
{
	kvmxx_show_vmcs_config(file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmcs_config);

static int exits_show(struct seq_file *file, void *unused)
{
	kvmxx_show_exits(file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(exits);

static int nested_entry_failures_show(struct seq_file *file, void *unused)
{
	kvmxx_show_nested_entry_failures(file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(nested_entry_failures);

void kvmxx_create_debugfs(void)
{
	directory = debugfs_create_dir("kvm_intel", NULL);
	debugfs_create_file("vmcs_config", 0444, directory, NULL, &vmcs_config_fops);
	debugfs_create_file("exits", 0444, directory, NULL, &exits_fops);
	debugfs_create_file("nested_entry_failures", 0444, directory, NULL,
			    &nested_entry_failures_fops);
}

void kvmxx_remove_debugfs(void)
{
	debugfs_remove(directory);
}
