/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMXX_HELPERS_DEBUGFS_H
#define KVMXX_HELPERS_DEBUGFS_H

void kvmxx_create_debugfs(void);
void kvmxx_remove_debugfs(void);

/* From C++: print a file, a line at a time, through the function below. */
void kvmxx_show_vmcs_config(void *file);
void kvmxx_show_exits(void *file);
void kvmxx_show_nested_entry_failures(void *file);
void kvmxx_debugfs_line(void *file, const char *text);

#endif
