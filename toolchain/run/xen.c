/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A unikernel under Xen in QEMU: as the PVH dom0, the domain that Xen itself builds from a boot
 * module. PVH for dom0 needs an IOMMU; the processor's SMAP stays off because Xen's own entry trips
 * over QEMU's emulation of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "run.h"

#define XEN_OVERHEAD_MIB 384u /* Xen's own memory, its frame table and the IOMMU's tables */

int machine_xen(struct strings *arguments, const struct options *options)
{
	char *xen = installed_file("TWZ_XEN", "../share/twizzler/xen");
	const struct job *job = options->job;
	unsigned long memory = strtoul(options->memory, NULL, 10);

	if (access(xen, R_OK) != 0) {
		complain("%s is not there; ./build.sh xen fetches Debian's hypervisor, or set "
			 "TWZ_XEN to an "
			 "uncompressed one",
			 xen);
		free(xen);
		return EXIT_MACHINE;
	}
	machine_base(arguments, options);
	strings_add(arguments, "-M");
	strings_add(arguments, "q35,sata=off,smbus=off");
	strings_add(arguments, "-cpu");
	strings_add(arguments, "max,-smap");
	strings_add(arguments, "-device");
	strings_add(arguments, "amd-iommu");
	strings_add(arguments, "-m");
	strings_addf(arguments, "%lu", memory + XEN_OVERHEAD_MIB);
	strings_add(arguments, "-kernel");
	strings_add(arguments, xen);
	strings_add(arguments, "-append");
	strings_addf(arguments,
		     "console=com1 com1=115200,8n1 dom0=pvh dom0_mem=%luM dom0_max_vcpus=1 "
		     "loglvl=none guest_loglvl=none %s",
		     memory, options->append != NULL ? options->append : "");
	char *line = unikernel_command_line(options);
	char *module = format_string("%s %s", job->host_path, line);
	char *escaped = escape_commas(module);
	strings_add(arguments, "-initrd");
	strings_add(arguments, escaped);
	free(escaped);
	free(module);
	free(line);
	free(xen);
	return -1;
}
