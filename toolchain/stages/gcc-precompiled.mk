# SPDX-License-Identifier: BSD-2-Clause
# GCC's own Makefile, with the headers that most of the compiler's files begin with compiled once: about a sixth less work.
# The objects are the same. The front ends may not see rtl.h and so have a set of their own. Files of the target see these headers
# otherwise (IN_TARGET_CODE), and so do those that define a macro for them or use a name of theirs for something else: they do
# without, as generators and drivers do.

include Makefile

BACK = twizzler-back.h
FRONT = twizzler-front.h
PLAIN = build/% i386% insn-% options% x86-tune-sched% gcc% cpp% %spec.o collect% gcov% lto-wrapper.o file-find.o coverage.o ggc-common.o reload.o \
	c-family/c-common.o analyzer/program-point.o $(OBJS-libcommon) $(OBJS-libcommon-target) $(GCC_OBJS) $(EXTRA_GCC_OBJS) $(COLLECT2_OBJS)
CXXFLAGS = $(TWZ_FLAGS) $(if $(filter %.gch $(PLAIN),$@),,-include $(if $(filter $(ALL_HOST_FRONTEND_OBJS),$@),$(FRONT),$(BACK)))

$(BACK) $(FRONT):
	printf '#define INCLUDE_%s\n' STRING VECTOR MAP MEMORY ALGORITHM FUNCTIONAL SET LIST ARRAY >$@
	printf '#include "%s.h"\n' config system coretypes $(if $(filter $(BACK),$@),backend target rtl) tree \
		$(if $(filter $(BACK),$@),gimple tree-pass ssa cgraph gimple-iterator vec-perm-indices fold-const) >>$@

# Said once more, because a variable of a target goes over to what it needs.
$(BACK).gch: INTERNAL_CFLAGS := $(INTERNAL_CFLAGS)
$(FRONT).gch: INTERNAL_CFLAGS := $(INTERNAL_CFLAGS) -DIN_GCC_FRONTEND
$(BACK).gch $(FRONT).gch: %.gch: % | $(generated_files)
	$(COMPILER) $(ALL_COMPILERFLAGS) $(ALL_CPPFLAGS) -x c++-header $< -o $@

$(ALL_HOST_OBJS): | $(BACK).gch $(FRONT).gch
