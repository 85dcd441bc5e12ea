/* SPDX-License-Identifier: BSD-2-Clause */
/* Access to the calling program's memory. */
#include <log.h>
#include <lock.h>
#include <page.h>
#include <thread.h>
#include <user.h>

/* entry.S */
uint64_t user_copy(void *to, const void *from, uint64_t length);
int user_load32(const uint32_t *user, uint32_t *value);
int user_load64(const uint64_t *user, uint64_t *value);
int user_compare_exchange32(uint32_t *user, uint32_t expected, uint32_t desired, uint32_t *old);

bool user_range_valid(const void *user, uint64_t length)
{
	uint64_t start = (uint64_t)user;

	return start <= USER_END && length <= USER_END - start;
}

twz_result copy_from_user(void *to, const void *user, uint64_t length)
{
	DEBUG_ASSERT(may_sleep());
	if (!user_range_valid(user, length))
		return -TWZ_ERR_BAD_ADDRESS;
	return user_copy(to, user, length) ? current_thread()->access_error : TWZ_OK;
}

twz_result copy_to_user(void *user, const void *from, uint64_t length)
{
	DEBUG_ASSERT(may_sleep());
	if (!user_range_valid(user, length))
		return -TWZ_ERR_BAD_ADDRESS;
	return user_copy(user, from, length) ? current_thread()->access_error : TWZ_OK;
}

twz_result copy_name_from_user(char *buffer, uint64_t size, const char *user, uint64_t length)
{
	twz_result result;

	if (length >= size)
		return -TWZ_ERR_NAME_TOO_LONG;
	result = copy_from_user(buffer, user, length);
	buffer[result < 0 ? 0 : length] = 0;
	return result;
}

twz_result user_prefault(const void *user, uint64_t length, bool write)
{
	uint64_t at = (uint64_t)user, end = at + length;
	twz_result result = TWZ_OK;

	if (!user_range_valid(user, length))
		return -TWZ_ERR_BAD_ADDRESS;
	for (; at < end && result >= 0; at = (at | PAGE_MASK) + 1) {
		uint32_t *word = (uint32_t *)(at & ~3ull), value;

		result = copy_from_user(&value, word, sizeof(value));
		/* a write that changes nothing, whoever else writes there */
		if (result >= 0 && write)
			result = user_exchange32(word, value, value, &value);
	}
	return result;
}

bool user_read32_locked(const uint32_t *user, uint32_t *value)
{
	return user_range_valid(user, sizeof(*user)) && user_load32(user, value) == 0;
}

bool user_read64_locked(const uint64_t *user, uint64_t *value)
{
	return user_range_valid(user, sizeof(*user)) && user_load64(user, value) == 0;
}

twz_result user_exchange32(uint32_t *user, uint32_t expected, uint32_t desired, uint32_t *old)
{
	if (!user_range_valid(user, sizeof(*user)))
		return -TWZ_ERR_BAD_ADDRESS;
	return user_compare_exchange32(user, expected, desired, old)
		       ? current_thread()->access_error
		       : TWZ_OK;
}
