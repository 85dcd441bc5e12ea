/* SPDX-License-Identifier: BSD-2-Clause */
/* Floating-point environment of x86-64, both units, without the red zone that musl's assembler
 * uses. */

#include <fenv.h>
#include <features.h>
#include <stdint.h>

#define ROUNDING 0xc00u /* in the x87 control word; MXCSR has it three bits further up */

static uint32_t mxcsr_get(void)
{
	uint32_t mxcsr;
	__asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr;
}

static void mxcsr_set(uint32_t mxcsr)
{
	__asm__ __volatile__("ldmxcsr %0" : : "m"(mxcsr));
}

static uint16_t x87_status(void)
{
	uint16_t status;
	__asm__ __volatile__("fnstsw %0" : "=a"(status));
	return status;
}

static uint16_t x87_control(void)
{
	uint16_t control;
	__asm__ __volatile__("fnstcw %0" : "=m"(control));
	return control;
}

/* The x87 unit can only clear all of its exceptions: those that stay go over to MXCSR. */
int feclearexcept(int mask)
{
	uint32_t clear = (uint32_t)mask & FE_ALL_EXCEPT, status = x87_status() & FE_ALL_EXCEPT;
	uint32_t mxcsr = mxcsr_get();

	if (status & clear) {
		__asm__ __volatile__("fnclex");
		mxcsr |= status;
	}
	mxcsr_set(mxcsr & ~clear);
	return 0;
}

int feraiseexcept(int mask)
{
	mxcsr_set(mxcsr_get() | ((uint32_t)mask & FE_ALL_EXCEPT));
	return 0;
}

int fetestexcept(int mask)
{
	return (int)((mxcsr_get() | x87_status()) & (uint32_t)mask & FE_ALL_EXCEPT);
}

int fegetround(void)
{
	return (int)(mxcsr_get() >> 3 & ROUNDING);
}

/* Called by fesetround, which has checked the mode. */
hidden int __fesetround(int mode)
{
	uint16_t control = (uint16_t)((x87_control() & ~ROUNDING) | (uint32_t)mode);

	__asm__ __volatile__("fldcw %0" : : "m"(control));
	mxcsr_set((mxcsr_get() & ~(ROUNDING << 3)) | (uint32_t)mode << 3);
	return 0;
}

/* FNSTENV masks all exceptions in the unit, so the environment is loaded again. */
int fegetenv(fenv_t *environment)
{
	__asm__ __volatile__("fnstenv %0\n\tfldenv %0" : "=m"(*environment));
	environment->__mxcsr = mxcsr_get();
	return 0;
}

int fesetenv(const fenv_t *environment)
{
	static const fenv_t initial = {
		.__control_word = 0x37f, .__tags = 0xffff, .__mxcsr = 0x1f80};

	if (environment == FE_DFL_ENV)
		environment = &initial;
	__asm__ __volatile__("fldenv %0" : : "m"(*environment));
	mxcsr_set(environment->__mxcsr);
	return 0;
}
